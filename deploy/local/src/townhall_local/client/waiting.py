"""Waiting for what the bus does by itself: look again until it is there, or until the deadline."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

Seen = TypeVar("Seen")


class TooLate(Exception):
    """What should have happened by itself did not, before the deadline."""


@dataclass(frozen=True, slots=True)
class Arrived(Generic[Seen]):
    """What was waited for, and how long it took."""

    seen: Seen
    seconds: float


async def until(
    look: Callable[[], Awaitable[Seen | None]], *, what: str, within: float = 20.0, every: float = 0.05
) -> Arrived[Seen]:
    """Look until something is seen. The clock is the event loop's, so a changed wall clock does no harm."""
    loop = asyncio.get_running_loop()
    start = loop.time()
    while (seen := await look()) is None:
        if loop.time() - start > within:
            raise TooLate(f"{what}: not within {within:.0f} s")
        await asyncio.sleep(every)  # noqa: TID251 - there is nothing to wait on but the public API
    return Arrived(seen, loop.time() - start)
