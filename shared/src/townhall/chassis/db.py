"""The database of a service: one transaction per effect, which also stores what it announces."""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from sqlalchemy import make_url, text
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.event import listen
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from structlog import get_logger

from townhall.chassis import outbox
from townhall.chassis.telemetry import tracing
from townhall.contracts import Event

SETTINGS: Final = {
    "timezone": "UTC",
    # An acknowledged ballot survives the death of the server (G1): never weaker, whatever the cluster's default.
    "synchronous_commit": "on",
    "statement_timeout": "15s",
    "lock_timeout": "10s",
    # Releases the locks of a service that is gone before others time out on them.
    "idle_in_transaction_session_timeout": "15s",
}
"""PostgreSQL settings of every connection of a service."""
SILENCE: Final = 16.0
"""Seconds without an answer after which the server counts as gone: it would have ended the statement by then, and a
connection dropped by the network never reports it."""

_NOW = text("SELECT now()")

log = get_logger()


def _on_error(error: ExceptionContext) -> None:
    """Discard all pooled connections if one times out: what dropped it has dropped the older ones too."""
    if isinstance(error.original_exception, TimeoutError):
        error.invalidate_pool_on_disconnect = True


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


def driver_url(url: str, driver: str = "postgresql+asyncpg") -> str:
    """Return a PostgreSQL URL with this driver, whichever it named."""
    return make_url(url).set(drivername=driver).render_as_string(hide_password=False)


class Database:
    """One service's database. `source` is the service's name, `public_url` the base of its events' `ce_dataschema`."""

    def __init__(
        self,
        url: str,
        *,
        source: str,
        public_url: str = "http://localhost",
        pool_size: int = 8,
        silence: float = SILENCE,
    ) -> None:
        self.dsn = driver_url(url, "postgresql")
        """The URL without a driver, as asyncpg and libpq take it."""
        self.source = source
        self.public_url = public_url
        settings = SETTINGS | {"application_name": source}
        self.engine = create_async_engine(
            driver_url(url),
            pool_size=pool_size,
            max_overflow=0,
            pool_timeout=5,
            # Error messages must not contain what people wrote or chose.
            hide_parameters=True,
            connect_args={"server_settings": settings, "timeout": 5, "command_timeout": silence},
        )
        listen(self.engine.sync_engine, "handle_error", _on_error)
        self._sessions = async_sessionmaker(self.engine, expire_on_commit=False)
        reader = self.engine.execution_options(postgresql_readonly=True, isolation_level="REPEATABLE READ")
        self._readers = async_sessionmaker(reader)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Transaction]:
        """Open a transaction: commit at the end of the block and run the callbacks, or roll back if it raises."""
        async with self._sessions.begin() as session:
            tx = Transaction(session, now=(await session.execute(_NOW)).scalar_one())
            yield tx
            await outbox.write(session, self.public_url, tx.announced, tx.now)
        _run_callbacks(tx)

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncSession]:
        """Open a read-only session on one snapshot."""
        async with self._readers() as session:
            yield session

    async def close(self) -> None:
        """Close every connection."""
        await self.engine.dispose()
