"""Polling the public APIs for the effects of events."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

Value = TypeVar("Value")


class PollTimeout(Exception):
    """The expected effect was not visible before the deadline."""


@dataclass(frozen=True, slots=True)
class Polled(Generic[Value]):
    """The value polled for, and the seconds until it was seen."""

    value: Value
    seconds: float


async def poll(
    probe: Callable[[], Awaitable[Value | None]], *, what: str, within: float = 20.0, every: float = 0.05
) -> Polled[Value]:
    """Call `probe` every so many seconds until it returns something other than None.

    Raises `PollTimeout`, which names `what`, after `within` seconds of the event loop's monotonic clock.
    """
    loop = asyncio.get_running_loop()
    start = loop.time()
    while (value := await probe()) is None:
        if loop.time() - start > within:
            raise PollTimeout(f"{what}: not within {within:.0f} s")
        await asyncio.sleep(every)  # noqa: TID251 - the public API offers nothing else to wait on
    return Polled(value, loop.time() - start)
