"""Every relay leads."""

from typing import Any

from tests.campaign.injected.switches import Switches
from townhall.chassis.outbox.relay import Relay


def inject(_service: str, _switches: Switches) -> None:
    """Grant the lock to every relay."""
    lead = Relay._lead  # noqa: SLF001  injected

    async def lead_mutated(self: Relay, connection: Any) -> None:  # noqa: ANN401  asyncpg's
        await lead(self, _Unlocked(connection))  # type: ignore[arg-type]  # injected

    Relay._lead = lead_mutated  # type: ignore[method-assign]  # noqa: SLF001  # injected


class _Unlocked:
    """A connection that always gets the advisory lock."""

    def __init__(self, connection: Any) -> None:  # noqa: ANN401  asyncpg's
        self._connection = connection

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401  asyncpg's
        return getattr(self._connection, name)

    async def fetchval(self, sql: str, *args: object) -> object:
        return "pg_try_advisory_lock" in sql or await self._connection.fetchval(sql, *args)
