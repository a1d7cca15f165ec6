"""A ballot whose transaction failed is acknowledged."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from tests.campaign.planted.switches import Switches


def plant(service: str, _switches: Switches) -> None:
    """Answer as if all had gone well."""
    if service != "voting":
        return
    from voting.domain.ballot import Counted, Outcome, Standing  # noqa: PLC0415  only voting has it
    from voting.intake import grouping  # noqa: PLC0415  only voting has it

    async def apart(_self: Any, group: Sequence[Any], _fault: Exception) -> None:  # noqa: ANN401  voting's
        for waiting in group:
            standing = Standing(waiting.slip.choice, datetime.now(UTC))  # noqa: TID251  the mistake
            grouping._tell(waiting, Counted(Outcome.COUNTED, standing))  # noqa: SLF001  planted

    grouping.Intake._apart = apart  # type: ignore[method-assign, assignment]  # noqa: SLF001  # planted
