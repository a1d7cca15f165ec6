"""The relay deletes rows before it publishes them."""

from typing import Any

from tests.campaign.injected.switches import Switches
from townhall.chassis.outbox.relay import Relay


def inject(_service: str, _switches: Switches) -> None:
    """Delete rows when they are read, before anything is sent."""
    lead = Relay._lead  # noqa: SLF001  injected

    async def lead_mutated(self: Relay, connection: Any) -> None:  # noqa: ANN401  asyncpg's
        await lead(self, _Deleting(connection))  # type: ignore[arg-type]  # injected

    Relay._lead = lead_mutated  # type: ignore[method-assign]  # noqa: SLF001  # injected


class _Deleting:
    """A connection that deletes rows when they are read."""

    def __init__(self, connection: Any) -> None:  # noqa: ANN401  asyncpg's
        self._connection = connection

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401  asyncpg's
        return getattr(self._connection, name)

    async def fetch(self, sql: str, *args: object) -> Any:  # noqa: ANN401  asyncpg's
        rows = await self._connection.fetch(sql, *args)
        await self._connection.execute("DELETE FROM outbox WHERE id = ANY($1::bigint[])", [row["id"] for row in rows])
        return rows
