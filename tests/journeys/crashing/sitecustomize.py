"""Ends a service as a crash would, at a place named from outside the product.

Python loads this at the start of every process that has this directory on its path. `places.txt` beside it lists
`<service> <module>:<function> before|after`. When the file named by `TOWNHALL_CRASH` holds one of these lines, the
process that reaches that place removes the file and kills itself, so that the crash happens once.
"""

import functools
import inspect
import os
import signal
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

_ORDER = Path(os.environ.get("TOWNHALL_CRASH", "/nonexistent"))


def _die_if(line: str) -> None:
    """Die here when these are the orders; unlinking first, so that whoever comes next lives."""
    try:
        if _ORDER.read_text() != line:
            return
        _ORDER.unlink()
    except FileNotFoundError:
        return
    os.kill(os.getpid(), signal.SIGKILL)


def _crashing(act: Callable[..., Any], line: str, when: str) -> Callable[..., Any]:
    @functools.wraps(act)
    async def crash(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401  whatever it wraps
        if when == "before":
            _die_if(line)
        result = await act(*args, **kwargs)
        if when == "after":
            _die_if(line)
        return result

    @functools.wraps(act)
    def crash_at_once(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401  whatever it wraps
        _die_if(line)
        return act(*args, **kwargs)

    return crash if inspect.iscoroutinefunction(act) else crash_at_once


def _plant(line: str) -> None:
    service, place, when = line.split()
    if f"{service.upper()}_PORT" not in os.environ:
        return
    module, _, name = place.partition(":")
    owner: Any = import_module(module)
    *outer, last = name.split(".")
    for each in outer:
        owner = getattr(owner, each)
    setattr(owner, last, _crashing(getattr(owner, last), line, when))


for _line in Path(__file__).with_name("places.txt").read_text().splitlines():
    _plant(_line)
