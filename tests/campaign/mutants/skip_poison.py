"""A message that can't be read is skipped instead of stored as a dead letter."""

from typing import Any

from tests.campaign.injected.switches import Switches
from townhall.chassis.consuming import Processor


def inject(_service: str, _switches: Switches) -> None:
    """Store no dead letter."""

    async def skip(_self: Processor, _message: Any, _reason: str, attempts: int) -> None:  # noqa: ANN401  the method it replaces
        del attempts

    Processor._dead_letter = skip  # type: ignore[method-assign, assignment]  # noqa: SLF001  # injected
