"""The platform under test: processes on free ports, which only the campaign that started them kills or stops."""

import asyncio
import os
import signal
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Final

import aiohttp
import asyncpg
import psutil
from aiokafka.errors import KafkaError
from sqlalchemy.exc import SQLAlchemyError

from tests.campaign.injected.switches import Switches
from tests.campaign.proxy import Proxy
from tests.campaign.replication import Replication
from townhall.chassis.outbox.relay import LOCK
from townhall.chassis.retrying import sleep
from townhall.embedded.databases import connected
from townhall.embedded.issuer import LIFETIME, Issuer
from townhall_local.up.data_directory import DataDirectory
from townhall_local.up.infrastructure import Infrastructure
from townhall_local.up.service import ServiceProcess

READY_WITHIN: Final = 120.0
PREPARED_WITHIN: Final = 8.0
UNREACHABLE: Final = (KafkaError, SQLAlchemyError, asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError)
"""The errors of a request to a server that is down or starting."""
_TOKEN_FOR: Final = 300.0
"""Seconds for which a token is used."""
_LEADER: Final = """
    SELECT client_port FROM pg_locks JOIN pg_stat_activity USING (pid)
    WHERE locktype = 'advisory' AND objid = $1 AND granted
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""


@dataclass
class Deployment:
    """All processes of one platform, and what can be done to them."""

    data_directory: DataDirectory
    infrastructure: Infrastructure
    issuer: Issuer
    processes: list[ServiceProcess]
    switches: Switches
    replication: Replication | None = None
    """The standby, if PostgreSQL has one."""
    proxies: list[Proxy] = field(default_factory=list)
    client_proxies: dict[ServiceProcess, Proxy] = field(default_factory=dict)
    """The proxy between clients and a process, where there is one."""
    shifts: dict[str, float] = field(default_factory=dict)
    """Seconds by which the clock of a service is wrong."""
    stopped: set[int] = field(default_factory=set)
    """Process ids that got SIGSTOP and no SIGCONT yet."""
    repairing: asyncio.Lock = field(default_factory=asyncio.Lock)
    """Held while processes are started."""
    starter: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(1))
    """The one thread that starts processes: the kernel ends them with the thread."""
    deaths: int = 0
    crashes: int = 0
    """How often a service ended that was not killed."""
    killed: set[int] = field(default_factory=set)
    not_ready: str = ""
    """Why the platform was not ready at the last check."""
    repair_error: str = ""
    """The error of the last attempt to repair, if it failed."""
    prepared: bool = True
    """Whether the broker has its topics and the events of the outboxes."""
    _tokens: dict[tuple[str, str, float], tuple[str, float]] = field(default_factory=dict)

    def urls(self, service: str) -> list[str]:
        """Return the base URLs of a service's processes for clients."""
        return [
            self.client_proxies[each].url if each in self.client_proxies else each.url
            for each in self.processes
            if each.name == service
        ]

    def token(self, service: str, role: str, subject: str) -> str:
        """Return an access token that is valid by the clock of that service."""
        shift, now = self.shifts.get(service, 0.0), time.monotonic()
        token, until = self._tokens.get((role, subject, shift), ("", 0.0))
        if now >= until:
            issued_at = int(time.time() + shift)  # noqa: TID251  a token's times are the wall clock's
            token = self.issuer.token(role, subject, iat=issued_at, exp=issued_at + LIFETIME)
            self._tokens[role, subject, shift] = token, now + _TOKEN_FOR
        return token

    def switch(self, name: str, value: str | None) -> None:
        """Turn injected code on with this value, or off with None."""
        directory = self.switches.directory
        if value is None:
            (directory / name).unlink(missing_ok=True)
            return
        new = directory / f".{name}"
        new.write_text(value)
        new.rename(directory / name)

    def kill(self, process: ServiceProcess) -> bool:
        """Send SIGKILL to a service; return whether it was running."""
        running = process.ended is None
        self.killed.add(process.pid)
        self._send(process.pid if running else 0, signal.SIGKILL)
        self.deaths += running
        return running

    async def kill_postgres(self) -> bool:
        """Kill all processes of PostgreSQL together, so that none can still write; return whether it was running."""
        postgres = self.infrastructure.postgres
        if not postgres.running:
            return False
        children = psutil.Process(postgres.pid).children(recursive=True)
        self._send(postgres.pid, signal.SIGKILL)
        for each in children:
            with suppress(psutil.NoSuchProcess):
                each.kill()
        self.deaths += 1
        return True

    def kill_broker(self) -> bool:
        """Kill the broker; return whether it was running."""
        running = self.infrastructure.broker.running
        if running:
            self.infrastructure.broker.kill()
        self.deaths += running
        return running

    async def pause(self, pid: int) -> bool:
        """Send SIGSTOP to a process; return whether it is stopped."""
        self.stopped.add(pid)
        self._send(pid, signal.SIGSTOP)
        with suppress(TimeoutError, psutil.NoSuchProcess):
            await until(lambda: _is_stopped(pid), 1.0, every=0.01)
            return True
        self.stopped.discard(pid)
        return False

    def resume(self, pid: int) -> None:
        """Send SIGCONT to a stopped process."""
        self._send(pid, signal.SIGCONT)
        self.stopped.discard(pid)

    async def leader(self, service: str) -> ServiceProcess | None:
        """Return the process whose relay leads: the one whose connection has the lock."""
        async with connected(self.infrastructure.urls[service]) as connection:
            port = await connection.fetchval(_LEADER, LOCK)
        for each in self.processes:
            if each.name == service and each.ended is None:
                connections = psutil.Process(each.pid).net_connections("tcp4")
                if port in {one.laddr.port for one in connections}:
                    return each
        return None

    @staticmethod
    def _send(pid: int, number: signal.Signals) -> None:
        with suppress(ProcessLookupError):
            if pid:
                os.kill(pid, number)

    async def supervise(self) -> None:
        """Restart what ended, until cancelled."""
        while True:
            await sleep(0.1)
            async with self.repairing:
                try:
                    await self._repair()
                except Exception as error:  # noqa: BLE001  something else is down too: it is tried again
                    self.repair_error = repr(error)
                else:
                    self.repair_error = ""

    async def _repair(self) -> None:
        if not self.infrastructure.postgres.running:
            await self.in_starter(self.infrastructure.postgres.start)
        if not self.infrastructure.broker.running or not self.prepared:
            await self.replace_broker()
        for each in self.processes:
            if each.ended is not None:
                self.crashes += each.pid not in self.killed
                await self.in_starter(each.start)

    async def replace_broker(self) -> None:
        """Start the broker. An emptied one is refilled from the outboxes before any service connects to it."""
        self.prepared = False
        broker = self.infrastructure.broker
        if not broker.durable:
            for each in self.processes:
                self.kill(each)
                await asyncio.to_thread(each.stopped, 5)
        if not broker.running:
            await self.in_starter(broker.start)
        async with asyncio.timeout(PREPARED_WITHIN):
            await self.infrastructure.prepare_broker()
        self.prepared = True

    async def servers_running(self) -> None:
        """Return when PostgreSQL and the broker run again."""
        await until(self._servers_run, READY_WITHIN)

    async def _servers_run(self) -> bool:
        running = self.infrastructure.postgres.running and self.infrastructure.broker.running
        return running and self.prepared and not self.repairing.locked()

    async def in_starter(self, start: Callable[[], None]) -> None:
        """Start a process on the thread for that, without blocking the event loop."""
        await asyncio.get_running_loop().run_in_executor(self.starter, start)

    async def ready(self, within: float = READY_WITHIN) -> None:
        """Return when every process is ready; raises `TimeoutError`."""
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=2)) as http:
            await until(lambda: self._all_ready(http), within)

    async def _all_ready(self, http: aiohttp.ClientSession) -> bool:
        for each in self.processes:
            self.not_ready = f"{each.name} does not answer"
            try:
                async with http.get(f"{each.url}/readyz") as answer:
                    if answer.status != HTTPStatus.OK:
                        self.not_ready = f"{each.name} is not ready: {await answer.text()}"
                        return False
            except (aiohttp.ClientError, TimeoutError):
                return False
        self.not_ready = ""
        return True


async def _is_stopped(pid: int) -> bool:
    return bool(psutil.Process(pid).status() == psutil.STATUS_STOPPED)


async def until(condition: Callable[[], Awaitable[bool]], within: float, every: float = 0.1) -> None:
    """Return when the condition is true, checked every so many seconds; raises `TimeoutError` after `within`."""
    async with asyncio.timeout(within):
        while not await condition():
            await sleep(every)
