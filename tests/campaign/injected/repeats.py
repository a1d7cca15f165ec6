"""Changes nothing: marks each batch with events that were applied before, as evidence that repeats were delivered."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from tests.campaign.injected.switches import Switches
from townhall.chassis.consuming import processor


def inject(_service: str, switches: Switches) -> None:
    """Compare the events of a batch with the new ones among them."""
    claim = processor.claim

    async def noting_claim(session: Any, ids: Sequence[UUID]) -> set[UUID]:  # noqa: ANN401  SQLAlchemy's
        new = await claim(session, ids)
        if len(new) < len(ids):
            switches.mark("batches with repeats consumed")
        return new

    processor.claim = noting_claim
