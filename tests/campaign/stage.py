"""The platform under test: real processes on free ports, which only the campaign that started them ever kills."""

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Final

import aiohttp
import psutil

from tests.campaign.disk import small_disk
from tests.campaign.proxy import Wire
from tests.campaign.setting import PLANTED, Setting
from townhall.chassis.waiting import rest
from townhall.embedded import CannotStart
from townhall.embedded.issuer import AUDIENCE, LIFETIME, Issuer
from townhall_local.names import SERVICES
from townhall_local.trouble import Trouble
from townhall_local.up.ground import Ground
from townhall_local.up.home import Home
from townhall_local.up.issuing import JWKS, issuing
from townhall_local.up.service import ServiceProcess

SESSION_MS: Final = {"tansu": "3000", "kafka": "6000"}
READY_WITHIN: Final = 120.0
_TOKEN_FOR: Final = 300.0


@dataclass
class Stage:
    """Everything that runs, and what can be done to it."""

    home: Home
    ground: Ground
    issuer: Issuer
    processes: list[ServiceProcess]
    switches: Path
    wires: dict[ServiceProcess, Wire] = field(default_factory=dict)
    shifts: dict[str, float] = field(default_factory=dict)
    stopped: set[int] = field(default_factory=set)
    mending: asyncio.Lock = field(default_factory=asyncio.Lock)
    hands: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(1))
    """The one thread that starts processes: the kernel ends them with it."""
    deaths: int = 0
    _tokens: dict[tuple[str, str, float], tuple[str, float]] = field(default_factory=dict)

    def urls(self, service: str) -> list[str]:
        """Where clients reach the processes of a service."""
        return [
            self.wires[each].url if each in self.wires else each.url for each in self.processes if each.name == service
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
        if says is None:
            (self.switches / name).unlink(missing_ok=True)
            return
        new = self.switches / f".{name}"
        new.write_text(says)
        new.rename(self.switches / name)

    def kill(self, process: ServiceProcess) -> None:
        """End a service as a crash would."""
        self._send(process.pid if process.ended is None else 0, signal.SIGKILL)
        self.deaths += 1

    async def kill_postgres(self) -> None:
        """End the server and all its helpers at the same moment, so that none of them can still write anything."""
        if not self.ground.postgres.running:
            return
        family = psutil.Process(self.ground.postgres.pid).children(recursive=True)
        self._send(self.ground.postgres.pid, signal.SIGKILL)
        for each in family:
            with suppress(psutil.NoSuchProcess):
                each.kill()
        self.deaths += 1

    def kill_broker(self) -> None:
        """End the broker as a crash would."""
        if self.ground.broker.running:
            self.ground.broker.kill()
            self.deaths += 1

    def pause(self, pid: int) -> None:
        """Stop a process without ending it."""
        self._send(pid, signal.SIGSTOP)
        self.stopped.add(pid)

    def resume(self, pid: int) -> None:
        """Let a stopped process go on."""
        self._send(pid, signal.SIGCONT)
        self.stopped.discard(pid)

    @staticmethod
    def _send(pid: int, number: signal.Signals) -> None:
        with suppress(ProcessLookupError):
            if pid:
                os.kill(pid, number)

    async def keep(self) -> None:
        """Start again whatever ended, as a supervisor does, for ever."""
        while True:
            await rest(0.1)
            async with self.mending:
                with suppress(CannotStart, Trouble, OSError):
                    await self._mend()

    async def _mend(self) -> None:
        if not self.ground.postgres.running:
            await self.by_hand(self.ground.postgres.start)
        if not self.ground.broker.running:
            await self.replace_broker()
        for each in self.processes:
            if each.ended is not None:
                await self.by_hand(each.start)

    async def replace_broker(self) -> None:
        """Start the broker. One that forgot everything is filled from the outboxes before any service meets it."""
        if not self.ground.broker.durable:
            for each in self.processes:
                self.kill(each)
                await asyncio.to_thread(each.stopped, 5)
        await self.by_hand(self.ground.broker.start)
        await self.ground.furnish_broker()

    async def by_hand(self, start: Callable[[], None]) -> None:
        """Start a process without holding up those who ask."""
        await asyncio.get_running_loop().run_in_executor(self.hands, start)

    async def ready(self, within: float = READY_WITHIN) -> None:
        """Return when every process answers that it is ready."""
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=2)) as http:
            await until(lambda: self._all_ready(http), within)

    async def _all_ready(self, http: aiohttp.ClientSession) -> bool:
        for each in self.processes:
            try:
                async with http.get(f"{each.url}/readyz") as answer:
                    if answer.status != 200:
                        return False
            except (aiohttp.ClientError, TimeoutError):
                return False
        return True


async def until(look: Callable[[], Awaitable[bool]], within: float, every: float = 0.1) -> None:
    """Look until it is so; `TimeoutError` when it isn't in time."""
    async with asyncio.timeout(within):
        while not await look():
            await rest(every)


@asynccontextmanager
async def staged(directory: Path, setting: Setting, seed: int) -> AsyncIterator[Stage]:
    """Set the platform up for the length of the block, and end all of it afterwards."""
    home, switches = Home(directory), directory / "switches"
    switches.mkdir(parents=True)
    os.environ["PYTHONPATH"] = str(PLANTED)
    os.environ["TOWNHALL_SWITCHES"] = str(switches)
    os.environ["TOWNHALL_PLANTED"] = os.pathsep.join(map(str, setting.plants))
    with home.held(), small_disk(directory / "postgres", setting.small_disk):
        async with AsyncExitStack() as stack:
            ground = Ground(home, setting.broker)
            stack.callback(_end, ground)
            issuer = await stack.enter_async_context(issuing(home.signing_key(), 0))
            await ground.start()
            stage = Stage(home, ground, issuer, _processes(home, ground, issuer, setting), switches)
            stack.callback(_end_all, stage)
            await _raise(stage)
            if setting.wired:
                for number, each in enumerate(stage.processes):
                    wire = Wire(each.port, Random(f"{seed} wire {number}"))
                    stage.wires[each] = await stack.enter_async_context(wire.laid())
            yield stage


async def _raise(stage: Stage) -> None:
    for each in stage.processes:
        each.start()
    async with aiohttp.ClientSession() as http:
        for each in stage.processes:

            async def look(process: ServiceProcess = each) -> bool:
                return await process.ready(http)

            await until(look, READY_WITHIN)


def _processes(home: Home, ground: Ground, issuer: Issuer, setting: Setting) -> list[ServiceProcess]:
    made: list[ServiceProcess] = []
    for name in SERVICES:
        for number in range(setting.replicas.get(name, 1)):
            logs = home.logs / str(number)
            logs.mkdir(exist_ok=True)
            made.append(ServiceProcess(name, 0, _told(name, home, ground, issuer) | _more(name, setting), logs))
    return made


def _told(name: str, home: Home, ground: Ground, issuer: Issuer) -> dict[str, str]:
    told = {
        "ENVIRONMENT": "local",
        "DATABASE_URL": ground.urls[name],
        "KAFKA_SERVERS": ground.broker.address,
        "KAFKA_SESSION_TIMEOUT_MS": SESSION_MS[ground.kind],
        "ISSUER": issuer.url,
        "AUDIENCE": AUDIENCE,
        "JWKS_URL": f"{issuer.url}{JWKS}",
        "PERSON_KEY": home.secret(f"{name}-person"),
    }
    return told | ({"MASTER_KEY": home.secret("voting-master")} if name == "voting" else {})


def _more(name: str, setting: Setting) -> dict[str, str]:
    prefix = f"{name.upper()}_"
    return {key.removeprefix(prefix): value for key, value in setting.told.items() if key.startswith(prefix)}


def _end_all(stage: Stage) -> None:
    for each in stage.processes:
        if each.ended is None:
            stage.kill(each)
        each.stopped(5)
    stage.hands.shutdown()


def _end(ground: Ground) -> None:
    for server in (ground.broker, ground.postgres):
        if server.running:
            server.kill()
