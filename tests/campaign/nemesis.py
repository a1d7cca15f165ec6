"""Carries the schedule out, and counts a strike only once it was seen to have struck."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Final

import psutil

from tests.campaign import disk
from tests.campaign.ledger import Ledger
from tests.campaign.schedule import Strike
from tests.campaign.stage import UNREACHABLE, Stage, until
from tests.campaign.stopping import Later, Stopping, one_of
from tests.campaign.topics import Intruder
from townhall.chassis.consuming import incarnation
from townhall.chassis.retrying import sleep
from townhall.embedded.databases import connected
from townhall_local.service_names import SERVICES
from townhall_local.up.service import ServiceProcess

MINUTES_WRONG: Final = 30 * 60
CONSUMERS: Final = ("proposal", "committee", "evaluation")
AROUND_CLOSING: Final = 0.7
"""Seconds before a closing time and after it that the intake is stopped."""
HOLDS_STILL: Final = 25.0
"""Seconds to wait for what is still on its way back from the last strike."""
ANSWERS: Final = 5.0
"""Seconds in which a broker that runs lets its topics be read: one that was emptied meanwhile never would."""
_NEW_WAL: Final = "SELECT pg_logical_emit_message(true, 'campaign', 'full'), pg_switch_wal()"
MISSED: Final = (*UNREACHABLE, psutil.Error)

Act = Callable[[Strike], Awaitable[bool]]
"""Strikes, and tells whether it struck."""


@dataclass
class Nemesis:
    """Trouble, on schedule."""

    stage: Stage
    ledger: Ledger
    intruder: Intruder
    struck: Counter[str] = field(default_factory=Counter)
    marks: Counter[str] = field(default_factory=Counter)
    """What was seen of it beyond the strikes themselves."""

    def __post_init__(self) -> None:
        self._later = Later()
        self._stopping = Stopping(self.stage, self.ledger, self.marks, self._later)

    async def run(self, strikes: list[Strike]) -> None:
        """Strike each at its time."""
        loop = asyncio.get_running_loop()
        began, acts = loop.time(), self.acts()
        for strike in strikes:
            await sleep(max(0.0, began + strike.at - loop.time()))
            self.struck[strike.act] += await self._strike(acts[strike.act], strike)

    @staticmethod
    async def _strike(act: Act, strike: Strike) -> bool:
        """Strike, again and again where what is to be struck is still on its way back from the last strike."""
        with suppress(TimeoutError):
            async with asyncio.timeout(HOLDS_STILL):
                while True:
                    with suppress(*MISSED):
                        if await act(strike):
                            return True
                    await sleep(0.2)
        return False

    def acts(self) -> Mapping[str, Act]:
        """Return how each act is done."""
        return {
            **{f"kill-{service}": partial(self._kill, service) for service in SERVICES},
            "kill-service": self._kill_any, "kill-postgres": self._kill_postgres, "kill-broker": self._kill_broker,
            "pause-service": self._stopping.any, "pause-leader": self._stopping.leader,
            "pause-consumer": self._stopping.consumer, "pause-intake": self._stopping.intake,
            "pause-broker": self._pause_broker,
            **dict.fromkeys(("cut-reply", "delay", "half-open"), self._wires),
            "repeat-events": self._repeat_events, "replay-service": self._replay_service,
            "clock-ahead": partial(self._shift_clock, MINUTES_WRONG),
            "clock-behind": partial(self._shift_clock, -MINUTES_WRONG),
            "fill-disk": self._fill_disk, "poison": self._poison,
        }  # fmt: skip

    async def heal(self) -> None:
        """End every fault; what is dead is started again by its keeper."""
        self._later.call_off()
        for pid in list(self.stage.stopped):
            self.stage.resume(pid)
        for wire in self.stage.wires:
            wire.mend()
        disk.empty(self.stage.ground.postgres.directory)
        for name in ("late-commits", "slow-consumer"):
            self.stage.switch(name, None)
        for service in SERVICES:
            self._set_clock(service, 0.0)

    async def _kill(self, service: str, strike: Strike) -> bool:
        process = one_of(self.stage, strike, service)
        await until(lambda: self._runs(process), HOLDS_STILL)
        return self.stage.kill(process)

    @staticmethod
    async def _runs(process: ServiceProcess) -> bool:
        """Tell whether it takes requests: one that is only starting has nothing to lose."""
        with suppress(OSError):
            _, writer = await asyncio.open_connection("127.0.0.1", process.port)
            writer.close()
            return process.ended is None
        return False

    async def _kill_any(self, strike: Strike) -> bool:
        return await self._kill(one_of(self.stage, strike).name, strike)

    async def _kill_postgres(self, _strike: Strike) -> bool:
        await until(self._postgres_runs, HOLDS_STILL)
        return await self.stage.kill_postgres()

    async def _kill_broker(self, _strike: Strike) -> bool:
        await until(self._broker_runs, HOLDS_STILL)
        return self.stage.kill_broker()

    async def _postgres_runs(self) -> bool:
        return self.stage.ground.postgres.running

    async def _broker_runs(self) -> bool:
        return self.stage.ground.broker.running and not self.stage.mending.locked()

    async def _pause_broker(self, strike: Strike) -> bool:
        """Stop the broker, and kill two services while they wait for its answer."""
        if not await self._stopping.pause(self.stage.ground.broker.pid, strike.seconds):
            return False
        many = len(self.stage.processes)
        for place in (strike.whom, (strike.whom + 0.5) % 1):
            self._later.do(1.5, partial(self.stage.kill, self.stage.processes[int(place * many)]))
        return True

    async def _wires(self, strike: Strike) -> bool:
        for wire in self.stage.wires:
            wire.state = strike.act
            self._later.do(strike.seconds, wire.mend)
        return bool(self.stage.wires)

    async def _repeat_events(self, _strike: Strike) -> bool:
        async with asyncio.timeout(ANSWERS):
            repeated = await self.intruder.repeat(self.stage.ground.broker.address)
        self.marks["events delivered again"] += repeated
        return repeated > 0

    async def _replay_service(self, strike: Strike) -> bool:
        process = one_of(self.stage, strike)
        async with connected(self.stage.ground.urls[process.name]) as connection:
            await connection.execute(str(incarnation._RENEW))  # noqa: SLF001  what `townhall replay` does
        return self.stage.kill(process)

    async def _shift_clock(self, seconds: float, strike: Strike) -> bool:
        service = SERVICES[int(strike.whom * len(SERVICES))] if strike.seconds < 3 else "voting"
        self._set_clock(service, seconds)
        return True

    def _set_clock(self, service: str, seconds: float) -> None:
        self.stage.shifts[service] = seconds
        self.stage.switch(f"clock-{service}", str(seconds))

    async def _fill_disk(self, strike: Strike) -> bool:
        place = self.stage.ground.postgres.directory
        await asyncio.to_thread(disk.fill, place)
        self._later.do(min(strike.seconds, 4.0), lambda: disk.empty(place))
        # What is allocated already would last for long: the next write has to ask for more.
        with suppress(*MISSED):
            async with connected(self.stage.ground.postgres.url) as connection:
                for _ in range(3):
                    await connection.execute(_NEW_WAL)
        return True

    async def _poison(self, _strike: Strike) -> bool:
        keys = [poll.task_id for poll in list(self.ledger.polls.values())[-3:]]
        await self.intruder.poison(self.stage.ground.broker.address, keys)
        return True
