"""A wall clock that is wrong by as many seconds as the switch `clock-<service>` says, and jumps when that changes.

What measures spans (`time.monotonic`, the event loop) stays right, as on a machine whose clock is set.
"""

import datetime as dt
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from typing_extensions import override

LOOK_EVERY = 0.2


class Shift:
    """How wrong the clock is at this moment."""

    def __init__(self, switch: Path) -> None:
        self._switch = switch
        self._seconds = 0.0
        self._looked = float("-inf")

    def __call__(self) -> float:
        """Return the seconds to add; the switch is read a few times a second."""
        if time.monotonic() - self._looked > LOOK_EVERY:
            self._looked = time.monotonic()
            self._seconds = float(self._switch.read_text() or 0) if self._switch.exists() else 0.0
        return self._seconds


def plant(service: str, switches: Path) -> None:
    """Shift `time.time` and `datetime.now`, before anything has taken them."""
    shift, real = Shift(switches / f"clock-{service}"), time.time  # noqa: TID251  planted
    time.time = lambda: real() + shift()  # noqa: TID251  planted
    dt.datetime = _shifted(dt.datetime, shift)  # type: ignore[misc]  # planted


def _shifted(real: type[dt.datetime], shift: Callable[[], float]) -> Any:  # noqa: ANN401  a class made here
    class Kind(type):
        @override
        def __instancecheck__(cls, value: object) -> bool:
            return isinstance(value, real)

    class Shifted(real, metaclass=Kind):  # type: ignore[misc, valid-type]  # a class made for one process
        @classmethod
        @override
        def now(cls, tz: dt.tzinfo | None = None) -> dt.datetime:
            return real.now(tz) + dt.timedelta(seconds=shift())

    Shifted.__name__ = "datetime"
    return Shifted
