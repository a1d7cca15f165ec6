"""The relay reads `id > last`: a row with a lower id that commits later is never seen."""

from typing import Any

from tests.campaign.planted.switches import Switches
from townhall.chassis.relay import UNSENT, Relay

_NOT_SENT = "sent_at IS NULL AND id <> ALL($1::bigint[])"
_AFTER = UNSENT.replace(_NOT_SENT, "id > $1")
_LAST = "SELECT coalesce(max(id), 0) FROM outbox WHERE sent_at IS NOT NULL"


def plant(_service: str, _switches: Switches) -> None:
    """Remember the last id, and find it again after a restart."""
    if _NOT_SENT not in UNSENT:
        raise LookupError("the relay reads in another way: plant this mistake anew")
    lead = Relay._lead  # noqa: SLF001  planted

    async def leading(self: Relay, connection: Any) -> None:  # noqa: ANN401  asyncpg's
        await lead(self, _Remembering(connection, await connection.fetchval(_LAST)))  # type: ignore[arg-type]  # planted

    Relay._lead = leading  # type: ignore[method-assign]  # noqa: SLF001  # planted


class _Remembering:
    """A connection that reads on from the last id it saw."""

    def __init__(self, connection: Any, last: int) -> None:  # noqa: ANN401  asyncpg's
        self._connection = connection
        self._last = last

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401  asyncpg's
        return getattr(self._connection, name)

    async def fetch(self, _sql: str, _under_way: object) -> Any:  # noqa: ANN401  asyncpg's
        rows = await self._connection.fetch(_AFTER, self._last)
        self._last = max([self._last, *(row["id"] for row in rows)])
        return rows
