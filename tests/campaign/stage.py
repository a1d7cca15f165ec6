"""The platform under test: real processes on free ports, which only the campaign that started them ever kills."""

import asyncio
import os
import signal
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final

import aiohttp
import asyncpg
import psutil
from aiokafka.errors import KafkaError
from sqlalchemy.exc import SQLAlchemyError
from townhall_local.up.infrastructure import Infrastructure
from townhall_local.up.data_directory import DataDirectory

from tests.campaign.injected.switches import Switches
from tests.campaign.proxy import Wire
from townhall.chassis.outbox.relay import LOCK
from townhall.chassis.retrying import sleep
from townhall.embedded.databases import connected
from townhall.embedded.issuer import LIFETIME, Issuer
from townhall_local.up.service import ServiceProcess

READY_WITHIN: Final = 120.0
FURNISHED_WITHIN: Final = 8.0
UNREACHABLE: Final = (KafkaError, SQLAlchemyError, asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError)
"""What asking a server that is down, or on its way, ends in."""
_TOKEN_FOR: Final = 300.0
_LEADS: Final = """
    SELECT client_port FROM pg_locks JOIN pg_stat_activity USING (pid)
    WHERE locktype = 'advisory' AND objid = $1 AND granted
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""


@dataclass
class Stage:
    """Everything that runs, and what can be done to it."""

    home: DataDirectory
    ground: Infrastructure
    issuer: Issuer
    processes: list[ServiceProcess]
    switches: Switches
    wires: list[Wire] = field(default_factory=list)
    ways: dict[ServiceProcess, Wire] = field(default_factory=dict)
    """The wire that leads clients to a process, where there is one."""
    shifts: dict[str, float] = field(default_factory=dict)
    stopped: set[int] = field(default_factory=set)
    mending: asyncio.Lock = field(default_factory=asyncio.Lock)
    hands: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(1))
    """The one thread that starts processes: the kernel ends them with it."""
    deaths: int = 0
    crashes: int = 0
    """How often a service ended though nobody killed it."""
    killed: set[int] = field(default_factory=set)
    unready: str = ""
    """Why the platform was not ready when it was last looked at."""
    hindrance: str = ""
    """Why the last attempt to mend failed."""
    furnished: bool = True
    """Whether the broker has its topics, and what the outboxes hold."""
    _tokens: dict[tuple[str, str, float], tuple[str, float]] = field(default_factory=dict)

    def urls(self, service: str) -> list[str]:
        """Where clients reach the processes of a service."""
        return [
            self.ways[each].url if each in self.ways else each.url for each in self.processes if each.name == service
        ]

    def token(self, service: str, role: str, subject: str) -> str:
        """An access token that is valid by the clock of that service."""
        shift, now = self.shifts.get(service, 0.0), time.monotonic()
        token, until = self._tokens.get((role, subject, shift), ("", 0.0))
        if now >= until:
            begins = int(time.time() + shift)  # noqa: TID251  a token's times are the wall clock's
            token = self.issuer.token(role, subject, iat=begins, exp=begins + LIFETIME)
            self._tokens[role, subject, shift] = token, now + _TOKEN_FOR
        return token

    def switch(self, name: str, says: str | None) -> None:
        """Turn something that is planted on, telling it this, or off."""
        place = self.switches.directory
        if says is None:
            (place / name).unlink(missing_ok=True)
            return
        new = place / f".{name}"
        new.write_text(says)
        new.rename(place / name)

    def kill(self, process: ServiceProcess) -> bool:
        """End a service as a crash would; tell whether it lived."""
        lived = process.ended is None
        self.killed.add(process.pid)
        self._send(process.pid if lived else 0, signal.SIGKILL)
        self.deaths += lived
        return lived

    async def kill_postgres(self) -> bool:
        """End the server and all its helpers at the same moment, so that none of them can still write anything."""
        if not self.ground.postgres.running:
            return False
        family = psutil.Process(self.ground.postgres.pid).children(recursive=True)
        self._send(self.ground.postgres.pid, signal.SIGKILL)
        for each in family:
            with suppress(psutil.NoSuchProcess):
                each.kill()
        self.deaths += 1
        return True

    def kill_broker(self) -> bool:
        """End the broker as a crash would; tell whether it lived."""
        lived = self.ground.broker.running
        if lived:
            self.ground.broker.kill()
        self.deaths += lived
        return lived

    async def pause(self, pid: int) -> bool:
        """Stop a process without ending it; tell whether it stands still."""
        self.stopped.add(pid)
        self._send(pid, signal.SIGSTOP)
        with suppress(TimeoutError, psutil.NoSuchProcess):
            await until(lambda: _is_stopped(pid), 1.0, every=0.01)
            return True
        self.stopped.discard(pid)
        return False

    def resume(self, pid: int) -> None:
        """Let a stopped process go on."""
        self._send(pid, signal.SIGCONT)
        self.stopped.discard(pid)

    async def leader(self, service: str) -> ServiceProcess | None:
        """Return the process whose relay leads, by the connection that holds the lock."""
        async with connected(self.ground.urls[service]) as connection:
            port = await connection.fetchval(_LEADS, LOCK)
        for each in self.processes:
            if each.name == service and each.ended is None:
                held = psutil.Process(each.pid).net_connections("tcp4")
                if port in {one.laddr.port for one in held}:
                    return each
        return None

    @staticmethod
    def _send(pid: int, number: signal.Signals) -> None:
        with suppress(ProcessLookupError):
            if pid:
                os.kill(pid, number)

    async def keep(self) -> None:
        """Start again whatever ended, as a supervisor does, for ever."""
        while True:
            await sleep(0.1)
            async with self.mending:
                try:
                    await self._mend()
                except Exception as fault:  # noqa: BLE001  something else is down too: it is tried again
                    self.hindrance = repr(fault)
                else:
                    self.hindrance = ""

    async def _mend(self) -> None:
        if not self.ground.postgres.running:
            await self.by_hand(self.ground.postgres.start)
        if not self.ground.broker.running or not self.furnished:
            await self.replace_broker()
        for each in self.processes:
            if each.ended is not None:
                self.crashes += each.pid not in self.killed
                await self.by_hand(each.start)

    async def replace_broker(self) -> None:
        """Start the broker. One that forgot everything is filled from the outboxes before any service meets it."""
        self.furnished = False
        if not self.ground.broker.durable:
            for each in self.processes:
                self.kill(each)
                await asyncio.to_thread(each.stopped, 5)
        if not self.ground.broker.running:
            await self.by_hand(self.ground.broker.start)
        async with asyncio.timeout(FURNISHED_WITHIN):
            await self.ground.prepare_broker()
        self.furnished = True

    async def standing(self) -> None:
        """Return when PostgreSQL and the broker, which are nobody's doing here, are there again."""
        await until(self._stands, READY_WITHIN)

    async def _stands(self) -> bool:
        servers = self.ground.postgres.running and self.ground.broker.running
        return servers and self.furnished and not self.mending.locked()

    async def by_hand(self, start: Callable[[], None]) -> None:
        """Start a process without holding up those who ask."""
        await asyncio.get_running_loop().run_in_executor(self.hands, start)

    async def ready(self, within: float = READY_WITHIN) -> None:
        """Return when every process answers that it is ready."""
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=2)) as http:
            await until(lambda: self._all_ready(http), within)

    async def _all_ready(self, http: aiohttp.ClientSession) -> bool:
        for each in self.processes:
            self.unready = f"{each.name} does not answer"
            try:
                async with http.get(f"{each.url}/readyz") as answer:
                    if answer.status != 200:
                        self.unready = f"{each.name} is not ready: {await answer.text()}"
                        return False
            except (aiohttp.ClientError, TimeoutError):
                return False
        self.unready = ""
        return True


async def _is_stopped(pid: int) -> bool:
    return bool(psutil.Process(pid).status() == psutil.STATUS_STOPPED)


async def until(look: Callable[[], Awaitable[bool]], within: float, every: float = 0.1) -> None:
    """Look until it is so; `TimeoutError` when it isn't in time."""
    async with asyncio.timeout(within):
        while not await look():
            await sleep(every)
