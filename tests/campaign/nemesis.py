"""Trouble on a schedule that follows from the seed alone."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from random import Random
from typing import Final

import asyncpg
from aiokafka.errors import KafkaError

from tests.campaign import disk
from tests.campaign.ledger import Ledger
from tests.campaign.stage import Stage, until
from tests.campaign.topics import Intruder
from townhall.chassis.delivery import inbox
from townhall.chassis.waiting import rest
from townhall.embedded.databases import connected
from townhall_local.names import SERVICES

EVERY: Final = (1.0, 4.0)
PAUSE: Final = (2.0, 6.0)
MINUTES_WRONG: Final = 30 * 60
_NEW_WAL: Final = "SELECT pg_logical_emit_message(true, 'campaign', 'full'), pg_switch_wal()"
HOLDS_STILL: Final = 10.0
"""Seconds to wait for what is still on its way back from the last strike."""


@dataclass(frozen=True, slots=True)
class Strike:
    """One act of the schedule: when, what, on whom, and for how long."""

    at: float
    act: str
    whom: float
    """A share of those it could strike."""
    seconds: float


def schedule(seed: int, acts: tuple[str, ...], seconds: float) -> list[Strike]:
    """Draw the strikes of a run."""
    dice, strikes, at = Random(f"{seed} schedule"), list[Strike](), 0.5
    while acts and at < seconds:
        strikes.append(Strike(at, dice.choice(acts), dice.random(), dice.uniform(*PAUSE)))
        at += dice.uniform(*EVERY)
    return strikes


@dataclass
class Nemesis:
    """Carries the schedule out."""

    stage: Stage
    ledger: Ledger
    intruder: Intruder
    struck: Counter[str] = field(default_factory=Counter)
    _ends: set["asyncio.Task[None]"] = field(default_factory=set)

    async def run(self, strikes: list[Strike]) -> None:
        """Strike each at its time."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        for strike in strikes:
            await rest(max(0.0, began + strike.at - loop.time()))
            act: Callable[[Strike], Awaitable[None]] = getattr(self, "_" + strike.act.replace("-", "_"))
            with suppress(KafkaError, OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError):
                async with asyncio.timeout(HOLDS_STILL):
                    await act(strike)
                self.struck[strike.act] += 1

    async def heal(self) -> None:
        """End every fault; what is dead is started again by its keeper."""
        for task in self._ends:
            task.cancel()
        for pid in list(self.stage.stopped):
            self.stage.resume(pid)
        for wire in self.stage.wires.values():
            wire.mend()
        disk.empty(self.stage.ground.postgres.directory)
        for name in ("late-commits", "slow-consumer"):
            self.stage.switch(name, None)
        for service in SERVICES:
            self._set_clock(service, 0.0)

    async def _kill_service(self, strike: Strike) -> None:
        # Voting and the Committee have the most to lose.
        weighted = [*self.stage.processes, *(each for each in self.stage.processes if each.name == "voting")]
        self.stage.kill(weighted[int(strike.whom * len(weighted))])

    async def _kill_postgres(self, _strike: Strike) -> None:
        await until(self._postgres_runs, HOLDS_STILL)
        await self.stage.kill_postgres()

    async def _kill_broker(self, _strike: Strike) -> None:
        await until(self._broker_runs, HOLDS_STILL)
        self.stage.kill_broker()

    async def _postgres_runs(self) -> bool:
        return self.stage.ground.postgres.running

    async def _broker_runs(self) -> bool:
        return self.stage.ground.broker.running

    async def _pause_service(self, strike: Strike) -> None:
        self._pause(self.stage.processes[int(strike.whom * len(self.stage.processes))].pid, strike.seconds)

    async def _pause_voting(self, strike: Strike) -> None:
        self._pause(next(each.pid for each in self.stage.processes if each.name == "voting"), strike.seconds)

    async def _pause_broker(self, strike: Strike) -> None:
        """Stop the broker, and kill two services while they wait for its answer."""
        self._pause(self.stage.ground.broker.pid, strike.seconds)
        many = len(self.stage.processes)
        for place in (strike.whom, (strike.whom + 0.5) % 1):
            self._later(1.5, partial(self.stage.kill, self.stage.processes[int(place * many)]))

    def _pause(self, pid: int, seconds: float) -> None:
        self.stage.pause(pid)
        self._later(seconds, lambda: self.stage.resume(pid))

    async def _cut_reply(self, strike: Strike) -> None:
        self._wires(strike, "cut-reply")

    async def _delay(self, strike: Strike) -> None:
        self._wires(strike, "delay")

    async def _half_open(self, strike: Strike) -> None:
        self._wires(strike, "half-open")

    def _wires(self, strike: Strike, state: str) -> None:
        for wire in self.stage.wires.values():
            wire.state = state
            self._later(strike.seconds, wire.mend)

    async def _repeat_events(self, _strike: Strike) -> None:
        await self.intruder.repeat(self.stage.ground.broker.address)

    async def _replay_service(self, strike: Strike) -> None:
        process = self.stage.processes[int(strike.whom * len(self.stage.processes))]
        async with connected(self.stage.ground.urls[process.name]) as connection:
            await connection.execute(str(inbox._REINCARNATE))  # noqa: SLF001  what `townhall replay` does
        self.stage.kill(process)

    async def _shift_clock(self, strike: Strike) -> None:
        service = SERVICES[int(strike.whom * len(SERVICES))] if strike.seconds < 3 else "voting"
        self._set_clock(service, MINUTES_WRONG * (1.0 if strike.whom < 0.5 else -1.0))

    def _set_clock(self, service: str, seconds: float) -> None:
        self.stage.shifts[service] = seconds
        self.stage.switch(f"clock-{service}", str(seconds))

    async def _fill_disk(self, strike: Strike) -> None:
        place = self.stage.ground.postgres.directory
        await asyncio.to_thread(disk.fill, place)
        self._later(min(strike.seconds, 4.0), lambda: disk.empty(place))
        # What is allocated already would last for long: the next write has to ask for more.
        with suppress(asyncpg.PostgresError, asyncpg.InterfaceError, OSError):
            async with connected(self.stage.ground.postgres.url) as connection:
                for _ in range(3):
                    await connection.execute(_NEW_WAL)

    async def _poison(self, _strike: Strike) -> None:
        keys = [poll.task_id for poll in list(self.ledger.polls.values())[-3:]]
        await self.intruder.poison(self.stage.ground.broker.address, keys)

    def _later(self, seconds: float, act: Callable[[], None]) -> None:
        async def end() -> None:
            await rest(seconds)
            act()

        self._ends.add(asyncio.create_task(end()))
