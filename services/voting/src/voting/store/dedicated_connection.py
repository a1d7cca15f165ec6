"""A database connection without a pool and a unit of work, for statements whose cost is the round trip."""

from collections.abc import Sequence
from typing import Any, Final

import asyncpg
from asyncpg.prepared_stmt import PreparedStatement

from townhall.chassis.db import SETTINGS, SILENCE

_SETTINGS: Final = {
    "application_name": "voting",
    # There are few statements, and their best plans don't depend on the parameters.
    "plan_cache_mode": "force_generic_plan",
    # A plan made while a table is empty is kept while it fills up: it must use the indexes from the start.
    "enable_seqscan": "off",
    "enable_bitmapscan": "off",
}


class DedicatedConnection:
    """An asyncpg connection, opened by the first `fetch`. Not for concurrent use."""

    def __init__(self, dsn: str) -> None:
        self._dsn = dsn
        self._settings = SETTINGS | _SETTINGS
        self._connection: asyncpg.Connection[asyncpg.Record] | None = None
        self._prepared: dict[str, PreparedStatement[asyncpg.Record]] = {}

    async def fetch(self, statement: str, *values: object) -> Sequence[Any]:
        """Run a statement as a transaction of its own and return its rows, after the commit.

        Raises what asyncpg raises. After any error but one reported by the server it reconnects on the next call.
        """
        try:
            return await (await self._prepare(statement)).fetch(*values)
        except BaseException as error:
            # A statement must be prepared again if its tables were altered.
            self._prepared.clear()
            # An error reported by the server leaves the connection usable; after any other its state is unknown.
            if not isinstance(error, asyncpg.PostgresError):
                self.close()
            raise

    async def _prepare(self, statement: str) -> "PreparedStatement[asyncpg.Record]":
        """Return the prepared statement. Kept here, because asyncpg's own cache costs as much as sending it."""
        if self._connection is None or self._connection.is_closed():
            self._prepared.clear()
            self._connection = await asyncpg.connect(
                self._dsn, server_settings=self._settings, timeout=5, command_timeout=SILENCE
            )
        if statement not in self._prepared:
            self._prepared[statement] = await self._connection.prepare(statement)
        return self._prepared[statement]

    def close(self) -> None:
        """Close at once; a statement under way is aborted."""
        if self._connection is not None:
            self._connection.terminate()
            self._connection = None
