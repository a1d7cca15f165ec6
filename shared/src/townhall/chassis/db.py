"""The database of a service: one transaction per effect, which also stores what it announces."""

import time
from collections.abc import AsyncIterator, Callable, Collection, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from sqlalchemy import TextClause, text
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.event import listen
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker
from sqlalchemy.pool import ConnectionPoolEntry
from structlog import get_logger

from townhall.chassis import outbox
from townhall.chassis.database_url import DatabaseUrl
from townhall.chassis.generation import Generation
from townhall.chassis.telemetry import tracing
from townhall.chassis.transient import breaks_connections
from townhall.contracts import Event

SETTINGS: Final = {
    "timezone": "UTC",
    # An acknowledged ballot survives the death of the server (G1): never weaker, whatever the cluster's default.
    "synchronous_commit": "on",
    "statement_timeout": "7s",
    "lock_timeout": "5s",
    # Releases the locks of a service that is gone or stopped.
    "idle_in_transaction_session_timeout": "15s",
}
"""PostgreSQL settings of every connection of a service."""
SILENCE: Final = 8.0
"""Seconds without an answer after which the server counts as gone: it would have ended the statement by then, and a
connection dropped by the network never reports it. With a new connection to another server, service is back within
15 seconds (G14)."""
PASSED_BY_POOLERS: Final = frozenset({"timezone", "application_name"})
"""Settings that PgBouncer takes from a client at the start of a connection and keeps apart for each client."""


_OPENED_AT: Final = "opened_at"

log = get_logger()


@dataclass(slots=True)
class Transaction:
    """The unit of work: what it announces is stored with it, and its callbacks run after its commit."""

    session: AsyncSession
    now: datetime
    """When the transaction began, by the database's clock; aware."""
    announced: list[outbox.Announcement] = field(default_factory=list)
    callbacks: list[Callable[[], object]] = field(default_factory=list)

    def announce(self, *events: Event, context: Mapping[str, object] | None = None) -> None:
        """Publish these events, in this order, if and only if the transaction commits.

        They belong to the trace of the given context, by default of the request or event being handled.
        """
        self.announced.extend(outbox.Announcement(event, tracing.traceparent(event.key, context)) for event in events)

    def on_commit(self, callback: Callable[[], object]) -> None:
        """Call this after the commit, in the order of registration; never if the transaction is rolled back.

        For metrics and log lines of an effect. An exception from it is logged and not raised: the effect stands.
        """
        self.callbacks.append(callback)


def _run_callbacks(tx: Transaction) -> None:
    for callback in tx.callbacks:
        try:
            callback()
        except Exception as error:
            log.exception("on_commit_failed", error=type(error).__name__)


class Database:
    """One service's database. `source` is the service's name, `public_url` the base of its events' `ce_dataschema`.

    With `pooled`, `url` leads through a pooler in transaction mode: no statement is prepared for longer than its
    transaction, and settings apply to single transactions. What needs a session of its own uses `session_url`.
    """

    def __init__(
        self,
        url: DatabaseUrl | str,
        *,
        source: str,
        public_url: str = "http://localhost",
        pool_size: int = 8,
        silence: float = SILENCE,
        session_url: DatabaseUrl | str = "",
        pooled: bool = False,
    ) -> None:
        self.url = DatabaseUrl.parse(url)
        self.session_url = DatabaseUrl.parse(session_url or url)
        """Where advisory locks of a session, LISTEN and prepared statements last: never through a pooler."""
        self.dsn = self.url.dsn
        """The URL as asyncpg and libpq take it."""
        self.source = source
        self.public_url = public_url
        settings = SETTINGS | {"application_name": source}
        lasting = {key: value for key, value in settings.items() if key in PASSED_BY_POOLERS or not pooled}
        caches = {"statement_cache_size": 0, "prepared_statement_cache_size": 0} if pooled else {}
        self.engine = self.url.engine(
            {"server_settings": lasting, "command_timeout": silence, **caches},
            pool_size=pool_size,
            max_overflow=0,
            pool_timeout=5,
        )
        self._begin = _with_settings(settings.keys() - lasting.keys())
        self._configures = pooled
        self.generation = Generation()
        """Shared by all connections to this database, also those that are not in the pool."""
        listen(self.engine.sync_engine, "connect", _opened)
        listen(self.engine.sync_engine, "checkout", self._on_checkout)
        listen(self.engine.sync_engine, "handle_error", self._on_error)
        self._sessions = async_sessionmaker(self.engine, expire_on_commit=False)
        reader = self.engine.execution_options(postgresql_readonly=True, isolation_level="REPEATABLE READ")
        self._readers = async_sessionmaker(reader)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Transaction]:
        """Open a transaction: commit at the end of the block and run the callbacks, or roll back if it raises."""
        async with self._sessions.begin() as session:
            tx = Transaction(session, now=(await session.execute(self._begin)).scalar_one())
            yield tx
            await outbox.write(session, self.public_url, tx.announced, tx.now)
        _run_callbacks(tx)

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncSession]:
        """Open a read-only session on one snapshot."""
        async with self._readers() as session:
            if self._configures:
                await session.execute(self._begin)
            yield session

    def _on_error(self, error: ExceptionContext) -> None:
        """Drop a connection that can't do its work, and all that were opened before."""
        if breaks_connections(error.original_exception):
            error.is_disconnect = True
            if error.connection is not None:  # else none could be opened, which says nothing about the others
                self.generation.end()

    def _on_checkout(self, _connection: object, record: ConnectionPoolEntry, _proxy: object) -> None:
        if not self.generation.includes(record.info[_OPENED_AT]):
            raise DisconnectionError  # the pool opens another one

    async def close(self) -> None:
        """Close every connection."""
        await self.engine.dispose()


def _opened(_connection: object, record: ConnectionPoolEntry) -> None:
    record.info[_OPENED_AT] = time.monotonic()


def _with_settings(names: Collection[str]) -> TextClause:
    """Return the first statement of a transaction: its time, after these settings were made for the transaction."""
    calls = "".join(f", set_config('{name}', '{SETTINGS[name]}', true)" for name in sorted(names))
    return text(f"SELECT now(){calls}")
