"""A ballot whose transaction failed is acknowledged."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from tests.campaign.injected.switches import Switches


def inject(service: str, _switches: Switches) -> None:
    """Answer each ballot of a failed group as if it was counted."""
    if service != "voting":
        return
    from voting.domain.ballot import Counted, CurrentBallot, Outcome  # noqa: PLC0415  only voting has it
    from voting.intake import group_commit  # noqa: PLC0415  the same

    async def acknowledge(_self: Any, group: Sequence[Any], _error: Exception) -> None:  # noqa: ANN401  voting's
        for pending in group:
            current = CurrentBallot(pending.cast_ballot.choice, datetime.now(UTC))  # noqa: TID251  the mistake
            group_commit._answer(pending, Counted(Outcome.COUNTED, current))  # noqa: SLF001  injected

    group_commit.Intake._count_one_by_one = acknowledge  # type: ignore[method-assign, assignment]  # noqa: SLF001  # injected
