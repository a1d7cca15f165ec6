"""The relay marks rows sent, and only then publishes them: a little later, so that a short run finds it."""

from typing import Any

from tests.campaign.planted.switches import Switches
from townhall.chassis import relay
from townhall.chassis.relay import Relay
from townhall.chassis.waiting import rest

LATER = 0.3


def plant(_service: str, _switches: Switches) -> None:
    """Mark what was read before anything is sent."""
    lead = Relay._lead  # noqa: SLF001  planted

    async def leading(self: Relay, connection: Any) -> None:  # noqa: ANN401  asyncpg's
        await lead(self, _Marking(connection))  # type: ignore[arg-type]  # planted

    Relay._lead = leading  # type: ignore[method-assign]  # noqa: SLF001  # planted


class _Marking:
    """A connection whose rows count as sent once they are read."""

    def __init__(self, connection: Any) -> None:  # noqa: ANN401  asyncpg's
        self._connection = connection

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401  asyncpg's
        return getattr(self._connection, name)

    async def fetch(self, sql: str, *args: object) -> Any:  # noqa: ANN401  asyncpg's
        rows = await self._connection.fetch(sql, *args)
        await self._connection.execute(relay._SENT, [row["id"] for row in rows])  # noqa: SLF001  planted
        await rest(LATER if rows else 0.0)
        return rows
