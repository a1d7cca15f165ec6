"""What can't be read is skipped."""

from typing import Any

from tests.campaign.planted.switches import Switches
from townhall.chassis.consuming.single import SingleProcessor


def plant(_service: str, _switches: Switches) -> None:
    """Set nothing aside."""

    async def skipped(_self: SingleProcessor, _message: Any, _reason: str, attempts: int) -> None:  # noqa: ANN401  whatever it replaces
        del attempts

    SingleProcessor._set_aside = skipped  # type: ignore[method-assign, assignment]  # noqa: SLF001  # planted
