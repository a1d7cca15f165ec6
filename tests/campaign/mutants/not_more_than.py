"""The threshold is reached with N yes, not with more than N."""

from typing import Any

from tests.campaign.planted.switches import Switches, replaced


def plant(service: str, _switches: Switches) -> None:
    """Compare wrongly."""
    if service != "voting":
        return
    from voting.domain import counting  # noqa: PLC0415  only voting has it
    from voting.store import bulk_insert  # noqa: PLC0415  the same

    def reached(tally: Any, terms: Any) -> bool:  # noqa: ANN401  voting's
        return bool(tally.yes >= terms.more_than)

    bulk_insert._COUNT = replaced(bulk_insert._COUNT, "asked.yes <= vote.more_than", "asked.yes < vote.more_than")  # type: ignore[misc]  # noqa: SLF001  # planted
    counting.reached = reached  # type: ignore[attr-defined]  # planted
