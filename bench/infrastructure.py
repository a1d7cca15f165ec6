"""What the measurements stand on: real PostgreSQL with fsync on, a broker, and services as processes."""

import asyncio
import os
import secrets
import signal
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Final

import psutil

from townhall.chassis import migrate
from townhall.chassis.broker import Bus
from townhall.chassis.db import Database
from townhall.chassis.waiting import rest
from townhall.embedded import Kafka, Postgres, Tansu, databases
from townhall.embedded.issuer import Issuer, key_in, new_key, pem
from townhall.embedded.ports import free_port
from townhall.embedded.process import Child
from townhall.embedded.server import Server
from townhall.testing.brokers import make_topics

READY_WITHIN: Final = 60
_KEY_FILE: Final = "issuer.pem"


@dataclass(frozen=True, slots=True)
class Infrastructure:
    """PostgreSQL, a broker, an issuer, and what is needed to start services on them."""

    directory: Path
    postgres: Postgres
    broker: Server
    issuer: Issuer
    key: str = field(repr=False)
    _tokens: list[str] = field(default_factory=list, repr=False)

    async def tokens(self, many: int) -> list[str]:
        """Return an access token each for so many voters; the same ones whenever asked."""
        missing = [f"voter-{number}" for number in range(len(self._tokens), many)]
        if missing:
            with ProcessPoolExecutor(mp_context=get_context("forkserver")) as pool:
                shares = [missing[at : at + 1000] for at in range(0, len(missing), 1000)]
                for signed in pool.map(partial(_signed, self.directory / _KEY_FILE, self.issuer.url), shares):
                    self._tokens.extend(signed)
        return self._tokens[:many]

    @property
    def postgres_cpu_seconds(self) -> float:
        """What PostgreSQL's processes have used of the processors."""
        server = psutil.Process(self.postgres.pid)
        return sum(map(cpu_seconds, [server, *server.children()]))

    @property
    def bus(self) -> Bus:
        """The bus as the services see it."""
        return Bus(self.broker.address, session_timeout_ms=6000, fetch_wait_ms=50)

    async def database(self, service: str) -> str:
        """Return the URL of an empty database of that service."""
        name = f"{service}_{secrets.token_hex(4)}"
        url = await databases.provide(self.postgres.url, name, "bench")
        await migrate.upgrade(url, service)
        return url

    @asynccontextmanager
    async def serving(self, module: str, service: str, url: str, *told: str) -> AsyncIterator["Process"]:
        """Run a service for the length of the block, ready."""
        port = free_port()
        settings = self.settings(url, port)
        settings |= {"MASTER_KEY": self.key} if service == "voting" else {}
        env = dict(os.environ) | {f"{service.upper()}_{name}": value for name, value in settings.items()}
        words = [sys.executable, "-m", module, *(["serve"] if module == service else told)]
        child = Child(words, log=self.directory / f"{service}-{port}.log", env=env)
        process = Process(child, port)
        try:
            await process.ready()
            yield process
        finally:
            child.terminate(signal.SIGTERM, within=20)

    def settings(self, url: str, port: int) -> dict[str, str]:
        """Return what a service is told, by the names of its settings."""
        return {
            "ENVIRONMENT": "local",
            "HOST": "127.0.0.1",
            "PORT": str(port),
            "DATABASE_URL": url,
            "KAFKA_SERVERS": self.broker.address,
            "KAFKA_SESSION_TIMEOUT_MS": "6000",
            "ISSUER": self.issuer.url,
            "JWKS_URL": str(self.directory / "jwks.json"),
            "PERSON_KEY": self.key,
            "LOG_LEVEL": "error",
        }


def _signed(key: Path, url: str, subjects: Sequence[str]) -> list[str]:
    issuer = Issuer(key_in(key), url)
    return [issuer.token("citizen", subject) for subject in subjects]


@dataclass(frozen=True, slots=True)
class Process:
    """A service that runs."""

    child: Child
    port: int

    async def ready(self) -> None:
        """Return once it answers that it is ready."""
        async with asyncio.timeout(READY_WITHIN):
            while not await self._ready():
                await rest(0.1)

    async def _ready(self) -> bool:
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        except OSError:
            return False
        writer.write(b"GET /readyz HTTP/1.1\r\nHost: bench\r\nConnection: close\r\n\r\n")
        answer = await reader.read()
        writer.close()
        return answer.startswith(b"HTTP/1.1 200")

    @property
    def cpu_seconds(self) -> float:
        """What the process has used of the processors."""
        return cpu_seconds(psutil.Process(self.child.pid))

    @property
    def resident_mb(self) -> float:
        """The memory it holds."""
        return float(psutil.Process(self.child.pid).memory_info().rss / 2**20)


def cpu_seconds(process: psutil.Process) -> float:
    """Return what a process has used of the processors."""
    times = process.cpu_times()
    return float(times.user + times.system)


@contextmanager
def infrastructure(kind: str) -> Iterator[Infrastructure]:
    """Start PostgreSQL and the broker for the length of the block."""
    with tempfile.TemporaryDirectory(prefix="townhall-bench-", ignore_cleanup_errors=True) as name:
        directory = Path(name)
        postgres = Postgres(directory / "postgres", password=secrets.token_hex(8), durable=True)
        broker = (Kafka if kind == "kafka" else Tansu)(directory / "broker")
        (directory / _KEY_FILE).write_bytes(pem(new_key()))
        issuer = Issuer(key_in(directory / _KEY_FILE), "https://issuer.townhall.invalid")
        (directory / "jwks.json").write_bytes(issuer.jwks)
        postgres.start()
        try:
            broker.start()
            made = Infrastructure(directory, postgres, broker, issuer, secrets.token_hex(32))
            asyncio.run(make_topics(Bus(broker.address)))
            yield made
        finally:
            broker.stop()
            postgres.stop()


@asynccontextmanager
async def opened(url: str, service: str) -> AsyncIterator[Database]:
    """Open a service's database from outside the service."""
    db = Database(url, source=service)
    try:
        yield db
    finally:
        await db.close()
