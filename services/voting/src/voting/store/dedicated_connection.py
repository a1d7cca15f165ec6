"""A database connection without a pool and a unit of work, for statements whose cost is the round trip."""

import time
from collections.abc import Sequence
from typing import Any, Final

import asyncpg
from asyncpg.prepared_stmt import PreparedStatement

from townhall.chassis.database_url import Connection, DatabaseUrl
from townhall.chassis.db import SETTINGS, SILENCE
from townhall.chassis.generation import Generation
from townhall.chassis.transient import breaks_connections

_SETTINGS: Final = {
    "application_name": "voting",
    # There are few statements, and their best plans don't depend on the parameters.
    "plan_cache_mode": "force_generic_plan",
    # A plan made while a table is empty is kept while it fills up: it must use the indexes from the start.
    "enable_seqscan": "off",
    "enable_bitmapscan": "off",
}


class DedicatedConnection:
    """An asyncpg connection, opened by the first `fetch`. Not for concurrent use, nor through a pooler."""

    def __init__(self, url: DatabaseUrl | str, generation: Generation) -> None:
        self._url = DatabaseUrl.parse(url)
        self._generation = generation
        self._opened_at = 0.0
        self._settings = SETTINGS | _SETTINGS
        self._connection: Connection | None = None
        self._prepared: dict[str, PreparedStatement[asyncpg.Record]] = {}

    async def fetch(self, statement: str, *values: object) -> Sequence[Any]:
        """Run a statement as a transaction of its own and return its rows, after the commit.

        Raises what asyncpg raises. It reconnects on the next call, except after an error of this statement alone.
        """
        try:
            return await (await self._prepare(statement)).fetch(*values)
        except BaseException as error:
            # A statement must be prepared again if its tables were altered.
            self._prepared.clear()
            # What the server reports of a statement leaves the connection usable. After any other error its state is
            # unknown, and a server that is read-only or stopping has been replaced by another one.
            broken = breaks_connections(error)
            if broken and self._connection is not None:  # else none could be opened
                self._generation.end()
            if broken or not isinstance(error, asyncpg.PostgresError):
                self.close()
            raise

    async def _prepare(self, statement: str) -> "PreparedStatement[asyncpg.Record]":
        """Return the prepared statement. Kept here, because asyncpg's own cache costs as much as sending it."""
        if not self._generation.includes(self._opened_at):
            self.close()
        if self._connection is None or self._connection.is_closed():
            self._prepared.clear()
            self._opened_at = time.monotonic()
            self._connection = await self._url.connect(server_settings=self._settings, command_timeout=SILENCE)
        if statement not in self._prepared:
            self._prepared[statement] = await self._connection.prepare(statement)
        return self._prepared[statement]

    def close(self) -> None:
        """Close at once; a statement under way is aborted."""
        if self._connection is not None:
            self._connection.terminate()
            self._connection = None
