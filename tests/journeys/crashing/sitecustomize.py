"""Crash injection: kills a service with SIGKILL at a chosen function of the product.

Python imports this module at the start of every process that has this directory on its path. `crash_points.txt` lists
`<service> <module>:<function> before|after`. When the file named by `TOWNHALL_CRASH` contains one of these lines, the
process that reaches that point removes the file and kills itself, so that the crash happens once.
"""

import functools
import inspect
import os
import signal
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

_REQUEST = Path(os.environ.get("TOWNHALL_CRASH", "/nonexistent"))


def _crash_if_requested(line: str) -> None:
    """Crash if this line is requested. The request is removed first, so that the next process survives."""
    try:
        if _REQUEST.read_text() != line:
            return
        _REQUEST.unlink()
    except FileNotFoundError:
        return
    os.kill(os.getpid(), signal.SIGKILL)


def _crashing(act: Callable[..., Any], line: str, when: str) -> Callable[..., Any]:
    @functools.wraps(act)
    async def crash(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401  whatever it wraps
        if when == "before":
            _crash_if_requested(line)
        result = await act(*args, **kwargs)
        if when == "after":
            _crash_if_requested(line)
        return result

    @functools.wraps(act)
    def crash_sync(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401  whatever it wraps
        _crash_if_requested(line)
        return act(*args, **kwargs)

    return crash if inspect.iscoroutinefunction(act) else crash_sync


def _instrument(line: str) -> None:
    service, point, when = line.split()
    if f"{service.upper()}_PORT" not in os.environ:
        return
    module, _, name = point.partition(":")
    owner: Any = import_module(module)
    *outer, last = name.split(".")
    for each in outer:
        owner = getattr(owner, each)
    setattr(owner, last, _crashing(getattr(owner, last), line, when))


for _line in Path(__file__).with_name("crash_points.txt").read_text().splitlines():
    _instrument(_line)
