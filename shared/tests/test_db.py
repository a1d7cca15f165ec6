"""Database connections survive network failures."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from townhall.chassis.db import SETTINGS, SILENCE, Database
from townhall.chassis.transient import transient

_ONE = text("SELECT 1")


@dataclass
class Network:
    """A way to the server. What it `forgot` it neither carries nor ends: bytes go in, and nothing comes out."""

    port: int
    lines: list[asyncio.Task[None]] = field(default_factory=list)
    forgot: set[asyncio.Task[None]] = field(default_factory=set)

    async def carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Connect one client."""
        there, back = await asyncio.open_connection("127.0.0.1", self.port)
        self.lines += [asyncio.create_task(self._pump(*ends)) for ends in ((reader, back), (there, writer))]

    async def _pump(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        while chunk := await source.read(65536):
            if asyncio.current_task() not in self.forgot:
                sink.write(chunk)
        sink.close()

    def forget(self) -> None:
        """Lose every connection there is, as a firewall does that starts anew; later ones are carried."""
        self.forgot |= set(self.lines)


@asynccontextmanager
async def between(url: str) -> AsyncIterator[tuple[str, Network]]:
    """Lay a way to the server of this URL; yield the URL that leads along it."""
    network = Network(urlsplit(url).port or 0)
    server = await asyncio.start_server(network.carry, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    try:
        yield url.replace(f":{network.port}/", f":{port}/"), network
    finally:
        server.close()
        for line in network.lines:
            line.cancel()
        await asyncio.gather(*network.lines, return_exceptions=True)


async def _one(db: Database, before_commit: Callable[[], None] = lambda: None) -> int:
    async with db.transaction() as tx:
        one = int((await tx.session.execute(_ONE)).scalar_one())
        before_commit()
        return one


async def test_a_connection_the_network_forgot_is_given_up(database: Database) -> None:
    """Callers get a transient error, and none of the old connections is reused."""
    async with between(database.dsn) as (url, network):
        db = Database(url, source="test", silence=0.5)
        try:
            assert await asyncio.gather(*(_one(db) for _ in range(4))) == [1] * 4
            network.forget()
            began = time.monotonic()
            with pytest.raises(Exception) as raised:  # noqa: PT011  any that passes by itself
                await _one(db)
            assert transient(raised.value)
            assert await asyncio.gather(*(_one(db) for _ in range(4))) == [1] * 4
            assert time.monotonic() - began < 5
        finally:
            await db.close()


async def test_a_commit_that_is_never_answered_is_given_up(database: Database) -> None:
    """Nobody knows what became of it, and that is what the caller learns."""
    async with between(database.dsn) as (url, network):
        db = Database(url, source="test", silence=0.5)
        try:
            with pytest.raises(Exception) as raised:  # noqa: PT011  the same
                await _one(db, network.forget)
            assert transient(raised.value)
            assert await _one(db) == 1
        finally:
            await db.close()


async def test_connections_that_became_read_only_are_replaced(database: Database) -> None:
    """One write that is refused is enough: the other connections to the server it met are not used any more."""
    db = Database(database.dsn, source="test")
    together = asyncio.Barrier(4)

    async def fence() -> None:
        async with db.transaction() as tx:
            await tx.session.execute(text("SET default_transaction_read_only = on"))
            await together.wait()

    async def write() -> None:
        async with db.transaction() as tx:
            await tx.session.execute(text("INSERT INTO inbox (event_id) VALUES (gen_random_uuid())"))

    try:
        await asyncio.gather(*(fence() for _ in range(4)))
        with pytest.raises(DBAPIError, match="read-only") as refused:
            await write()
        assert transient(refused.value)
        await asyncio.gather(*(write() for _ in range(4)))
    finally:
        await db.close()


def test_a_living_server_answers_before_it_is_given_up() -> None:
    """The server ends a statement, or a wait for a lock, sooner than its silence counts as its end."""
    for setting in ("statement_timeout", "lock_timeout"):
        assert float(SETTINGS[setting].removesuffix("s")) < SILENCE
