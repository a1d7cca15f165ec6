"""Ends a service as a crash would, at a place named from outside the product.

Python loads this at the start of every process that has this directory on its path. The file named by
`TOWNHALL_CRASH` holds one line, `<service> <module>:<function> before|after`; the process that reaches the place
removes the file and kills itself, so that the crash happens once.
"""

import functools
import inspect
import os
import signal
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any


def _die(order: Path) -> None:
    try:
        order.unlink()
    except FileNotFoundError:
        return
    os.kill(os.getpid(), signal.SIGKILL)


def _crashing(act: Callable[..., Any], when: str, order: Path) -> Callable[..., Any]:
    @functools.wraps(act)
    async def crash(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401  whatever it wraps
        if when == "before":
            _die(order)
        result = await act(*args, **kwargs)
        if when == "after":
            _die(order)
        return result

    @functools.wraps(act)
    def crash_at_once(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401  whatever it wraps
        _die(order)
        return act(*args, **kwargs)

    return crash if inspect.iscoroutinefunction(act) else crash_at_once


def _plant(order: Path) -> None:
    service, place, when = order.read_text().split()
    if f"{service.upper()}_PORT" not in os.environ:
        return
    module, _, name = place.partition(":")
    owner: Any = import_module(module)
    *outer, last = name.split(".")
    for each in outer:
        owner = getattr(owner, each)
    setattr(owner, last, _crashing(getattr(owner, last), when, order))


if (_order := Path(os.environ.get("TOWNHALL_CRASH", "/nonexistent"))).is_file():
    _plant(_order)
