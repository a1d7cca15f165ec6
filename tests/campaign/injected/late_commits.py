"""Late commits: every transaction waits a while between its last statement and its commit."""

import random
from collections.abc import Awaitable, Callable
from typing import Any

from tests.campaign.injected.switches import Switches
from townhall.chassis import outbox
from townhall.chassis.retrying import sleep

LONGEST = 0.3
"""Seconds of the longest delay."""


def inject(_service: str, switches: Switches) -> None:
    """Wait after the outbox is written, while the switch `late-commits` is on."""
    write: Callable[..., Awaitable[None]] = outbox.write

    async def late(session: Any, public_url: str, announced: Any, at: Any) -> None:  # noqa: ANN401  the function it wraps
        await write(session, public_url, announced, at)
        if switches.on("late-commits"):
            switches.mark("commits delayed")
            await sleep(random.uniform(0, LONGEST))

    outbox.write = late
