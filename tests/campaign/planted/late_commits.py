"""Commits that come late: between its last statement and its commit, every transaction waits a while."""

import random
from collections.abc import Awaitable, Callable
from typing import Any

from tests.campaign.planted.switches import Switches
from townhall.chassis import outbox
from townhall.chassis.retrying import sleep

LONGEST = 0.3


def plant(_service: str, switches: Switches) -> None:
    """Wait after the outbox is written, while the switch is there."""
    write: Callable[..., Awaitable[None]] = outbox.write

    async def late(session: Any, source: str, announced: Any, at: Any) -> None:  # noqa: ANN401  whatever it wraps
        await write(session, source, announced, at)
        if switches.on("late-commits"):
            switches.mark("commits held back")
            await sleep(random.uniform(0, LONGEST))

    outbox.write = late
