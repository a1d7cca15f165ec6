"""The relay marks rows as sent and publishes them afterwards, with a delay so that a short run finds it."""

from typing import Any

from tests.campaign.injected.switches import Switches
from townhall.chassis.outbox import relay
from townhall.chassis.outbox.relay import Relay
from townhall.chassis.retrying import sleep

DELAY = 0.3
"""Seconds between marking and publishing."""


def inject(_service: str, _switches: Switches) -> None:
    """Mark rows as sent when they are read, before anything is sent."""
    lead = Relay._lead  # noqa: SLF001  injected

    async def lead_mutated(self: Relay, connection: Any) -> None:  # noqa: ANN401  asyncpg's
        await lead(self, _Marking(connection))  # type: ignore[arg-type]  # injected

    Relay._lead = lead_mutated  # type: ignore[method-assign]  # noqa: SLF001  # injected


class _Marking:
    """A connection that marks rows as sent when they are read."""

    def __init__(self, connection: Any) -> None:  # noqa: ANN401  asyncpg's
        self._connection = connection

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401  asyncpg's
        return getattr(self._connection, name)

    async def fetch(self, sql: str, *args: object) -> Any:  # noqa: ANN401  asyncpg's
        rows = await self._connection.fetch(sql, *args)
        await self._connection.execute(relay._SENT, [row["id"] for row in rows])  # noqa: SLF001  injected
        await sleep(DELAY if rows else 0.0)
        return rows
