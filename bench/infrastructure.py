"""The infrastructure of the benchmarks: PostgreSQL with fsync on, a broker, and services as processes."""

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
from townhall.chassis.retrying import sleep
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
    """PostgreSQL, a broker and an issuer, and services started on them."""

    directory: Path
    postgres: Postgres
    broker: Server
    issuer: Issuer
    key: str = field(repr=False)
    _tokens: list[str] = field(default_factory=list, repr=False)

    async def tokens(self, count: int) -> list[str]:
        """Return the access tokens of so many voters, the same ones at each call."""
        missing = [f"voter-{number}" for number in range(len(self._tokens), count)]
        if missing:
            with ProcessPoolExecutor(mp_context=get_context("forkserver")) as pool:
                shares = [missing[at : at + 1000] for at in range(0, len(missing), 1000)]
                for signed in pool.map(partial(_signed, self.directory / _KEY_FILE, self.issuer.url), shares):
                    self._tokens.extend(signed)
        return self._tokens[:count]

    @property
    def postgres_cpu_seconds(self) -> float:
        """CPU time used by PostgreSQL's processes, in seconds."""
        server = psutil.Process(self.postgres.pid)
        return sum(map(cpu_seconds, [server, *server.children()]))

    @property
    def bus(self) -> Bus:
        """The bus with the settings of the services."""
        return Bus(self.broker.address, session_timeout_ms=6000, fetch_wait_ms=50)

    async def database(self, service: str) -> str:
        """Return the URL of an empty database of that service."""
        name = f"{service}_{secrets.token_hex(4)}"
        url = await databases.provide(self.postgres.url, name, "bench")
        await migrate.upgrade(url, service)
        return url

    @asynccontextmanager
    async def serving(self, module: str, service: str, url: str, *arguments: str) -> AsyncIterator["Process"]:
        """Run a service while the block runs; yields its process when it is ready."""
        port = free_port()
        settings = self.settings(url, port)
        settings |= {"MASTER_KEY": self.key} if service == "voting" else {}
        env = dict(os.environ) | {f"{service.upper()}_{name}": value for name, value in settings.items()}
        command = [sys.executable, "-m", module, *(["serve"] if module == service else arguments)]
        child = Child(command, log=self.directory / f"{service}-{port}.log", env=env)
        process = Process(child, port)
        try:
            await process.ready()
            yield process
        finally:
            child.terminate(signal.SIGTERM, within=20)

    def settings(self, url: str, port: int) -> dict[str, str]:
        """Return the settings of a service, without the prefix of their variables."""
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
    """A running service."""

    child: Child
    port: int

    async def ready(self) -> None:
        """Wait until it is ready; raises `TimeoutError`."""
        async with asyncio.timeout(READY_WITHIN):
            while not await self._ready():
                await sleep(0.1)

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
        """CPU time used by the process, in seconds."""
        return cpu_seconds(psutil.Process(self.child.pid))

    @property
    def resident_mb(self) -> float:
        """Resident memory in MiB."""
        return float(psutil.Process(self.child.pid).memory_info().rss / 2**20)


def cpu_seconds(process: psutil.Process) -> float:
    """Return the CPU time used by a process, in seconds."""
    times = process.cpu_times()
    return float(times.user + times.system)


@contextmanager
def infrastructure(kind: str, *settings: str) -> Iterator[Infrastructure]:
    """Run PostgreSQL, with these further settings, and the broker while the block runs."""
    with tempfile.TemporaryDirectory(prefix="townhall-bench-", ignore_cleanup_errors=True) as name:
        directory = Path(name)
        postgres = Postgres(directory / "postgres", password=secrets.token_hex(8), settings=settings)
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
    """Open a service's database."""
    db = Database(url, source=service)
    try:
        yield db
    finally:
        await db.close()
