"""A slow consumer: each batch waits before it is applied."""

import random
from collections.abc import Awaitable, Callable
from typing import Any

from tests.campaign.injected.switches import Switches
from townhall.chassis.consuming import Processor
from townhall.chassis.retrying import sleep

LONGEST = 1.5
"""Seconds of the longest delay."""


def inject(_service: str, switches: Switches) -> None:
    """Wait before each batch, while the switch `slow-consumer` is on."""
    process: Callable[..., Awaitable[None]] = Processor.process

    async def process_slowly(self: Processor, *arguments: Any) -> None:  # noqa: ANN401  the method it wraps
        if switches.on("slow-consumer"):
            switches.mark("batches delayed")
            await sleep(random.uniform(0.2, LONGEST))
        await process(self, *arguments)

    Processor.process = process_slowly  # type: ignore[method-assign, assignment]  # injected
