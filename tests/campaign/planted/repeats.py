"""Nothing wrong: marks each time a batch held events that had had their effect, so that repeats are known to come."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from tests.campaign.planted.switches import Switches
from townhall.chassis.consuming import processor


def plant(_service: str, switches: Switches) -> None:
    """Compare what was asked for with what was fresh."""
    take = processor.claim

    async def noticing(session: Any, ids: Sequence[UUID]) -> set[UUID]:  # noqa: ANN401  SQLAlchemy's
        fresh = await take(session, ids)
        if len(fresh) < len(ids):
            switches.mark("batches with repeats heard")
        return fresh

    processor.claim = noticing
