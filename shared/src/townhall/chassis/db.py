"""The database of a service: one transaction for each effect, with its announcements in it."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from sqlalchemy import make_url, text
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.event import listen
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine

from townhall.chassis import outbox, trace
from townhall.chassis.outbox import Announcement
from townhall.contracts import Event

SETTINGS: Final = {
    "timezone": "UTC",
    # An acknowledged ballot survives the death of the server (G1): never weaker, whatever the cluster's default.
    "synchronous_commit": "on",
    "statement_timeout": "15s",
    "lock_timeout": "10s",
    # What a service left locked when it or its network went away is free again before others give up.
    "idle_in_transaction_session_timeout": "15s",
}
"""What every connection of a service asks of PostgreSQL."""
SILENCE: Final = 16.0
"""Seconds without an answer after which the server counts as gone: a living one has ended the statement by then, and
a network that forgot a connection never says so."""

_NOW = text("SELECT now()")


def _give_up(fault: ExceptionContext) -> None:
    """Let go of all connections when one falls silent: whatever the network forgot of it, it forgot of those before."""
    if isinstance(fault.original_exception, TimeoutError):
        fault.invalidate_pool_on_disconnect = True


@dataclass(slots=True)
class Transaction:
    """The unit of work. What it announces is stored when it commits, or not at all."""

    session: AsyncSession
    now: datetime
    """When the transaction began, by the database's clock; aware."""
    announced: list[Announcement] = field(default_factory=list)
    callbacks: list[Callable[[], object]] = field(default_factory=list)

    def announce(self, *events: Event) -> None:
        """Publish these facts, in this order, if and only if the transaction commits."""
        self.announced.extend(Announcement(event, trace.current(event.key)) for event in events)

    def on_commit(self, callback: Callable[[], object]) -> None:
        """Call `callback` after the commit, never after a rollback: for metrics and logs of an effect."""
        self.callbacks.append(callback)


def driver_url(url: str, driver: str = "postgresql+asyncpg") -> str:
    """Return the URL with the driver this code is written for, whichever PostgreSQL form it came in."""
    return make_url(url).set(drivername=driver).render_as_string(hide_password=False)


class Database:
    """One service's database. `source` names the service in the events it announces."""

    def __init__(self, url: str, *, source: str, pool_size: int = 8, silence: float = SILENCE) -> None:
        self.dsn = driver_url(url, "postgresql")
        """The URL as PostgreSQL's own clients take it."""
        self.source = source
        settings = SETTINGS | {"application_name": source}
        self.engine = create_async_engine(
            driver_url(url),
            pool_size=pool_size,
            max_overflow=0,
            pool_timeout=5,
            # Error texts must not carry what people wrote or chose.
            hide_parameters=True,
            connect_args={"server_settings": settings, "timeout": 5, "command_timeout": silence},
        )
        listen(self.engine.sync_engine, "handle_error", _give_up)
        self._sessions = async_sessionmaker(self.engine, expire_on_commit=False)
        reader = self.engine.execution_options(postgresql_readonly=True, isolation_level="REPEATABLE READ")
        self._readers = async_sessionmaker(reader)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Transaction]:
        """Commit on the way out, or roll everything back when the block raises."""
        async with self._sessions.begin() as session:
            tx = Transaction(session, now=(await session.execute(_NOW)).scalar_one())
            yield tx
            await outbox.write(session, self.source, tx.announced, tx.now)
        for callback in tx.callbacks:
            callback()

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncSession]:
        """Read from one snapshot; nothing can be written."""
        async with self._readers() as session:
            yield session

    async def close(self) -> None:
        """Close every connection."""
        await self.engine.dispose()
