"""Waiting for time itself, which only the chassis does: between attempts, and between looks at what changes."""

import asyncio
import random
from typing import Final

LONGEST: Final = 10.0
"""Seconds between two attempts at the most."""


async def rest(seconds: float) -> None:
    """Let this much time pass."""
    await asyncio.sleep(seconds)  # noqa: TID251  the one place that waits for time


async def pause(attempt: int) -> None:
    """Wait before the next attempt: twice as long each time, and never in step with others."""
    longest = min(LONGEST, 0.05 * 2 ** min(attempt, 10))
    await rest(longest * random.uniform(0.5, 1.0))  # noqa: S311  no secret depends on it
