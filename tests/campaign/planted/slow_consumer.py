"""A consumer that is slow: each batch waits before it is applied."""

import random
from collections.abc import Awaitable, Callable
from typing import Any

from tests.campaign.planted.switches import Switches
from townhall.chassis.consuming import Processor
from townhall.chassis.retrying import sleep

LONGEST = 1.5


def plant(_service: str, switches: Switches) -> None:
    """Wait before each batch, while the switch is there."""
    take: Callable[..., Awaitable[None]] = Processor.process

    async def slowly(self: Processor, *given: Any) -> None:  # noqa: ANN401  whatever it wraps
        if switches.on("slow-consumer"):
            switches.mark("batches held back")
            await sleep(random.uniform(0.2, LONGEST))
        await take(self, *given)

    Processor.process = slowly  # type: ignore[method-assign, assignment]  # planted
