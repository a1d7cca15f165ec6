"""The threshold is reached with N yes, not with more than N."""

from typing import Any

from tests.campaign.injected.switches import Switches, replaced


def inject(service: str, _switches: Switches) -> None:
    """Compare with `>=` in the rule and in the bulk insert."""
    if service != "voting":
        return
    from voting.domain import counting  # noqa: PLC0415  only voting has it
    from voting.store import bulk_insert  # noqa: PLC0415  the same

    def threshold_reached(tally: Any, terms: Any) -> bool:  # noqa: ANN401  voting's
        return bool(tally.yes >= terms.more_than)

    below = "per_task.yes <= vote.more_than"
    bulk_insert._COUNT = replaced(bulk_insert._COUNT, below, below.replace("<=", "<"))  # type: ignore[misc]  # noqa: SLF001  # injected
    counting.threshold_reached = threshold_reached  # type: ignore[attr-defined]  # injected
