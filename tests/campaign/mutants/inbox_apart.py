"""The inbox is written in a transaction of its own, before the effect."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from tests.campaign.injected.switches import Switches
from townhall.chassis.consuming import processor


def inject(_service: str, _switches: Switches) -> None:
    """Claim events on another connection, which commits at once."""

    async def claim(session: Any, ids: Sequence[UUID]) -> set[UUID]:  # noqa: ANN401  SQLAlchemy's
        async with session.bind.begin() as connection:
            return set((await connection.execute(processor._CLAIM, {"ids": list(ids)})).scalars())  # noqa: SLF001  injected

    processor.claim = claim
