"""The nemesis: executes the schedule, and counts a strike only when its effect was observed."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from http import HTTPStatus
from typing import Final

import aiohttp
import psutil

from tests.campaign import disk
from tests.campaign.deployment import UNREACHABLE, Deployment, until
from tests.campaign.ledger import Ledger
from tests.campaign.pausing import Later, Pausing, one_of
from tests.campaign.replication import LOSSES, Lose
from tests.campaign.schedule import Strike
from tests.campaign.topics import Intruder
from townhall.chassis.consuming import incarnation
from townhall.chassis.retrying import sleep
from townhall.embedded.databases import connected
from townhall_local.service_names import SERVICES
from townhall_local.up.service import ServiceProcess

CLOCK_ERROR: Final = 30 * 60
"""Seconds."""
RECOVERS_WITHIN: Final = 60.0
"""Seconds to wait for what is still recovering from the last strike; a new standby takes long on a busy machine."""
SERVES_FOR: Final = 1.5
"""Seconds that a service serves requests after a restart before the next strike kills it."""
RESPONDS_WITHIN: Final = aiohttp.ClientTimeout(total=1)
READS_WITHIN: Final = 5.0
"""Seconds within which the topics of a running broker can be read; those of an emptied one never can."""
_NEW_WAL: Final = "SELECT pg_logical_emit_message(true, 'campaign', 'full'), pg_switch_wal()"
STRIKE_ERRORS: Final = (*UNREACHABLE, psutil.Error)
"""The errors of a strike whose target is down or starting."""

Act = Callable[[Strike], Awaitable[bool]]
"""Strikes, and returns whether it had its effect."""


@dataclass
class Nemesis:
    """Executes strikes against one deployment."""

    deployment: Deployment
    ledger: Ledger
    intruder: Intruder
    struck: Counter[str] = field(default_factory=Counter)
    marks: Counter[str] = field(default_factory=Counter)
    """Observed effects beyond the strikes themselves."""

    def __post_init__(self) -> None:
        self._later = Later()
        self._pausing = Pausing(self.deployment, self.ledger, self.marks, self._later)

    async def run(self, strikes: list[Strike]) -> None:
        """Execute each strike at its time."""
        loop = asyncio.get_running_loop()
        began, acts = loop.time(), self.acts()
        for strike in strikes:
            await sleep(max(0.0, began + strike.at - loop.time()))
            self.struck[strike.act] += await self._strike(acts[strike.act], strike)

    @staticmethod
    async def _strike(act: Act, strike: Strike) -> bool:
        """Strike, repeatedly while the target is still recovering; return whether the strike had its effect."""
        with suppress(TimeoutError):
            async with asyncio.timeout(RECOVERS_WITHIN):
                while True:
                    with suppress(*STRIKE_ERRORS):
                        if await act(strike):
                            return True
                    await sleep(0.2)
        return False

    def acts(self) -> Mapping[str, Act]:
        """Return the functions of all acts by name."""
        return {
            **{f"kill-{service}": partial(self._kill, service) for service in SERVICES},
            "kill-service": self._kill_any, "kill-postgres": self._kill_postgres, "kill-broker": self._kill_broker,
            "pause-service": self._pausing.any, "pause-leader": self._pausing.leader,
            "pause-consumer": self._pausing.consumer, "pause-intake": self._pausing.intake,
            "pause-broker": self._pause_broker,
            **dict.fromkeys(("cut-reply", "delay", "half-open"), self._strike_proxies),
            "repeat-events": self._repeat_events, "replay-service": self._replay_service,
            "clock-ahead": partial(self._shift_clock, CLOCK_ERROR),
            "clock-behind": partial(self._shift_clock, -CLOCK_ERROR),
            "fill-disk": self._fill_disk, "poison": self._poison,
            **{act: partial(self._fail_over, lose) for act, lose in LOSSES.items()},
        }  # fmt: skip

    async def heal(self) -> None:
        """End every fault; the supervisor of the deployment restarts what was killed."""
        self._later.cancel()
        for pid in list(self.deployment.stopped):
            self.deployment.resume(pid)
        for proxy in self.deployment.proxies:
            proxy.heal()
        disk.empty(self.deployment.infrastructure.postgres.directory)
        for name in ("late-commits", "slow-consumer"):
            self.deployment.switch(name, None)
        for service in SERVICES:
            self._set_clock(service, 0.0)

    async def _kill(self, service: str, strike: Strike) -> bool:
        process = one_of(self.deployment, strike, service)
        if not await self._serves(process):
            await until(lambda: self._serves(process), RECOVERS_WITHIN)
            await sleep(SERVES_FOR)
        return self.deployment.kill(process)

    @staticmethod
    async def _serves(process: ServiceProcess) -> bool:
        """Return whether the process serves requests; while it starts it answers 503, and has nothing to lose."""
        with suppress(aiohttp.ClientError, TimeoutError):
            async with aiohttp.ClientSession(timeout=RESPONDS_WITHIN) as http, http.get(process.url) as response:
                return process.ended is None and response.status != HTTPStatus.SERVICE_UNAVAILABLE
        return False

    async def _kill_any(self, strike: Strike) -> bool:
        return await self._kill(one_of(self.deployment, strike).name, strike)

    async def _kill_postgres(self, _strike: Strike) -> bool:
        await until(self._postgres_runs, RECOVERS_WITHIN)
        return await self.deployment.kill_postgres()

    async def _fail_over(self, lose: Lose, _strike: Strike) -> bool:
        """Lose the primary and promote its standby, without the supervisor restarting what was lost."""
        if self.deployment.replication is None:
            return False
        async with self.deployment.repairing:
            await self.deployment.replication.fail_over(lose)
        self.marks["standbys promoted"] += 1
        return True

    async def _kill_broker(self, _strike: Strike) -> bool:
        await until(self._broker_runs, RECOVERS_WITHIN)
        return self.deployment.kill_broker()

    async def _postgres_runs(self) -> bool:
        return self.deployment.infrastructure.postgres.running

    async def _broker_runs(self) -> bool:
        return self.deployment.infrastructure.broker.running and not self.deployment.repairing.locked()

    async def _pause_broker(self, strike: Strike) -> bool:
        """Stop the broker, and kill two services while they wait for its answer."""
        if not await self._pausing.pause(self.deployment.infrastructure.broker.pid, strike.seconds):
            return False
        many = len(self.deployment.processes)
        for share in (strike.target, (strike.target + 0.5) % 1):
            self._later.call(1.5, partial(self.deployment.kill, self.deployment.processes[int(share * many)]))
        return True

    async def _strike_proxies(self, strike: Strike) -> bool:
        for proxy in self.deployment.proxies:
            proxy.state = strike.act
            self._later.call(strike.seconds, proxy.heal)
        return bool(self.deployment.proxies)

    async def _repeat_events(self, _strike: Strike) -> bool:
        async with asyncio.timeout(READS_WITHIN):
            repeated = await self.intruder.repeat(self.deployment.infrastructure.broker.address)
        self.marks["events delivered again"] += repeated
        return repeated > 0

    async def _replay_service(self, strike: Strike) -> bool:
        process = one_of(self.deployment, strike)
        async with connected(self.deployment.infrastructure.urls[process.name]) as connection:
            await connection.execute(str(incarnation._RENEW))  # noqa: SLF001  what `townhall replay` does
        return self.deployment.kill(process)

    async def _shift_clock(self, seconds: float, strike: Strike) -> bool:
        service = SERVICES[int(strike.target * len(SERVICES))] if strike.seconds < 3 else "voting"
        self._set_clock(service, seconds)
        return True

    def _set_clock(self, service: str, seconds: float) -> None:
        self.deployment.shifts[service] = seconds
        self.deployment.switch(f"clock-{service}", str(seconds))

    async def _fill_disk(self, strike: Strike) -> bool:
        directory = self.deployment.infrastructure.postgres.directory
        await asyncio.to_thread(disk.fill, directory)
        self._later.call(min(strike.seconds, 4.0), lambda: disk.empty(directory))
        # Space that is allocated already would last for long: make the next write allocate more.
        with suppress(*STRIKE_ERRORS):
            async with connected(self.deployment.infrastructure.postgres.url) as connection:
                for _ in range(3):
                    await connection.execute(_NEW_WAL)
        return True

    async def _poison(self, _strike: Strike) -> bool:
        keys = [vote.task_id for vote in list(self.ledger.votes.values())[-3:]]
        await self.intruder.publish_poison(self.deployment.infrastructure.broker.address, keys)
        return True
