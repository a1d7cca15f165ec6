"""The relay reads `id > last`: a row with a lower id that commits later is never published."""

from typing import Any

from tests.campaign.injected.switches import Switches, replaced
from townhall.chassis.outbox.relay import UNSENT, Relay

_AFTER = replaced(UNSENT, "sent_at IS NULL AND id <> ALL($1::bigint[])", "id > $1")
_LAST = "SELECT coalesce(max(id), 0) FROM outbox WHERE sent_at IS NOT NULL"


def inject(_service: str, _switches: Switches) -> None:
    """Remember the last id, and read it from the table after a restart."""
    lead = Relay._lead  # noqa: SLF001  injected

    async def lead_mutated(self: Relay, connection: Any) -> None:  # noqa: ANN401  asyncpg's
        await lead(self, _Remembering(connection, await connection.fetchval(_LAST)))  # type: ignore[arg-type]  # injected

    Relay._lead = lead_mutated  # type: ignore[method-assign]  # noqa: SLF001  # injected


class _Remembering:
    """A connection that reads the rows after the last id it returned."""

    def __init__(self, connection: Any, last: int) -> None:  # noqa: ANN401  asyncpg's
        self._connection = connection
        self._last = last

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401  asyncpg's
        return getattr(self._connection, name)

    async def fetch(self, _sql: str, _in_flight: object) -> Any:  # noqa: ANN401  asyncpg's
        rows = await self._connection.fetch(_AFTER, self._last)
        self._last = max([self._last, *(row["id"] for row in rows)])
        return rows
