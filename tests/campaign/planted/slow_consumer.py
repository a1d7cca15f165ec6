"""A consumer that is slow: each batch waits before it is applied."""

import random
from collections.abc import Awaitable, Callable
from typing import Any

from tests.campaign.planted.switches import Switches
from townhall.chassis.consuming.processing import Processor
from townhall.chassis.waiting import rest

LONGEST = 1.5


def plant(_service: str, switches: Switches) -> None:
    """Wait before each batch, while the switch is there."""
    take: Callable[..., Awaitable[None]] = Processor.take

    async def slowly(self: Processor, *given: Any) -> None:  # noqa: ANN401  whatever it wraps
        if switches.on("slow-consumer"):
            switches.mark("batches held back")
            await rest(random.uniform(0.2, LONGEST))
        await take(self, *given)

    Processor.take = slowly  # type: ignore[method-assign, assignment]  # planted
