"""A connection without a pool and a unit of work in front of it, where the cost of a round trip decides."""

from collections.abc import Sequence
from typing import Any

import asyncpg
from asyncpg.prepared_stmt import PreparedStatement

from townhall.chassis.db import SETTINGS, SILENCE


class Straight:
    """Each statement is a transaction of its own, committed when `fetch` returns. For one caller at a time."""

    def __init__(self, dsn: str) -> None:
        self._dsn = dsn
        # The statements are few and their plans don't depend on what is asked.
        self._settings = SETTINGS | {"application_name": "voting", "plan_cache_mode": "force_generic_plan"}
        self._connection: asyncpg.Connection[asyncpg.Record] | None = None
        self._prepared: dict[str, PreparedStatement[asyncpg.Record]] = {}

    async def fetch(self, statement: str, *values: object) -> Sequence[Any]:
        """Return the rows of a statement; raises what the driver does. A lost connection is made anew next time."""
        try:
            return await (await self._ready(statement)).fetch(*values)
        except BaseException as fault:
            # After a change of its tables a statement has to be prepared again.
            self._prepared.clear()
            # What the server says of a statement leaves the connection sound; after all else nobody knows.
            if not isinstance(fault, asyncpg.PostgresError):
                self.close()
            raise

    async def _ready(self, statement: str) -> "PreparedStatement[asyncpg.Record]":
        """Prepare a statement once: to have the driver find it each time takes as long as to send it."""
        if self._connection is None or self._connection.is_closed():
            self._prepared.clear()
            self._connection = await asyncpg.connect(
                self._dsn, server_settings=self._settings, timeout=5, command_timeout=SILENCE
            )
        if statement not in self._prepared:
            self._prepared[statement] = await self._connection.prepare(statement)
        return self._prepared[statement]

    def close(self) -> None:
        """Close at once, whatever is under way."""
        if self._connection is not None:
            self._connection.terminate()
            self._connection = None
