"""A wall clock that is wrong by the seconds in the switch `clock-<service>`, and jumps when that changes.

What measures spans (`time.monotonic`, the event loop) stays right, as on a machine whose clock is set.
"""

import datetime as dt
import time
from collections.abc import Callable
from typing import Any

from typing_extensions import override

from tests.campaign.injected.switches import Switches

CHECK_EVERY = 0.2
"""Seconds between reads of the switch."""


class Shift:
    """The current error of the clock."""

    def __init__(self, service: str, switches: Switches) -> None:
        self._switch = f"clock-{service}"
        self._switches = switches
        self._seconds = 0.0
        self._checked_at = float("-inf")

    def __call__(self) -> float:
        """Return the seconds to add."""
        if time.monotonic() - self._checked_at > CHECK_EVERY:
            self._checked_at = time.monotonic()
            self._seconds = float(self._switches.value(self._switch) or 0)
            if self._seconds:
                self._switches.mark("wrong times read")
        return self._seconds


def inject(service: str, switches: Switches) -> None:
    """Shift `time.time` and `datetime.now`, before any module imports them."""
    shift, real = Shift(service, switches), time.time  # noqa: TID251  injected
    time.time = lambda: real() + shift()  # noqa: TID251  injected
    dt.datetime = _shifted(dt.datetime, shift)  # type: ignore[misc]  # injected


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
