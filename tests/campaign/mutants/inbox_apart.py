"""The inbox is written in a transaction of its own, before the effect."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from tests.campaign.planted.switches import Switches
from townhall.chassis.consuming import inbox


def plant(_service: str, _switches: Switches) -> None:
    """Take events on another connection, which commits at once."""

    async def take(session: Any, ids: Sequence[UUID]) -> set[UUID]:  # noqa: ANN401  SQLAlchemy's
        async with session.bind.begin() as connection:
            return set((await connection.execute(inbox._TAKE, {"ids": list(ids)})).scalars())  # noqa: SLF001  planted

    inbox.take = take
