"""SIGSTOP of whoever leads, hears or takes ballots, and SIGCONT some time later."""

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Final

from tests.campaign.ledger import Ledger
from tests.campaign.schedule import Strike
from tests.campaign.stage import UNREACHABLE, Stage
from townhall.chassis.retrying import sleep
from townhall_local.up.service import ServiceProcess

CONSUMERS: Final = ("proposal", "committee", "evaluation")
AROUND_CLOSING: Final = 0.7
"""Seconds before a closing time and after it that the intake is stopped."""
SUCCESSION: Final = 4.5
"""Seconds in which another relay surely takes the lead, under the lease of `planted/short_lease.py`."""


def one_of(stage: Stage, strike: Strike, service: str = "") -> ServiceProcess:
    """Choose a process; voting has the most to lose, and counts double."""
    some = [each for each in stage.processes if service in {"", each.name}]
    some += [] if service else [each for each in some if each.name == "voting"]
    return some[int(strike.whom * len(some))]


@dataclass
class Later:
    """What ends a strike, some time after it; all of it can be called off."""

    tasks: set["asyncio.Task[None]"] = field(default_factory=set)

    def do(self, seconds: float, act: Callable[[], object]) -> None:
        """Act after so many seconds."""

        async def end() -> None:
            await sleep(seconds)
            act()

        self.watch(end())

    def watch(self, act: Awaitable[None]) -> None:
        """Let something go on beside the strikes."""
        self.tasks.add(asyncio.ensure_future(act))

    def call_off(self) -> None:
        """End all of it."""
        for task in self.tasks:
            task.cancel()


@dataclass
class Stopping:
    """The strikes that stop a process and let it go on later."""

    stage: Stage
    ledger: Ledger
    marks: Counter[str]
    later: Later
    _wakes_at: dict[int, float] = field(default_factory=dict)

    async def any(self, strike: Strike) -> bool:
        """Stop any process of a service."""
        return await self.pause(one_of(self.stage, strike).pid, strike.seconds)

    async def leader(self, strike: Strike) -> bool:
        """Stop the process whose relay leads, and see whether another takes its place."""
        service = ("voting", "proposal")[strike.whom < 0.5]
        leader = await self.stage.leader(service)
        heirs = sum(each.name == service for each in self.stage.processes) - 1
        seconds = max(strike.seconds, SUCCESSION) if heirs else strike.seconds
        if leader is None or not await self.pause(leader.pid, seconds):
            return False
        self.later.watch(self._watch_for_a_new_leader(service, leader))
        return True

    async def _watch_for_a_new_leader(self, service: str, before: ServiceProcess) -> None:
        with suppress(*UNREACHABLE):
            while before.pid in self.stage.stopped:
                now = await self.stage.leader(service)
                if now is not None and now is not before:
                    self.marks["leaders replaced"] += 1
                    return
                await sleep(0.2)

    async def consumer(self, strike: Strike) -> bool:
        """Stop one that does nothing but hear."""
        return await self.pause(one_of(self.stage, strike, CONSUMERS[int(strike.whom * 3)]).pid, strike.seconds)

    async def intake(self, strike: Strike) -> bool:
        """Stop voting shortly before the next vote closes, until some time after."""
        closes_at, process = await self._next_closing(), one_of(self.stage, strike, "voting")
        await sleep(max(0.0, closes_at - _now() - AROUND_CLOSING))
        if not await self.pause(process.pid, max(strike.seconds, closes_at - _now() + AROUND_CLOSING)):
            return False
        self.later.do(closes_at - _now(), partial(self._mark_if_asleep, process.pid))
        return True

    def _mark_if_asleep(self, pid: int) -> None:
        self.marks["closing times slept through"] += pid in self.stage.stopped

    async def _next_closing(self) -> float:
        while True:
            if ahead := self.ledger.still_to_close(_now() + 0.1):
                return ahead[0]
            await sleep(0.1)

    async def pause(self, pid: int, seconds: float) -> bool:
        """Stop a process for so long; tell whether it stands still."""
        self._wakes_at[pid] = max(self._wakes_at.get(pid, 0.0), time.monotonic() + seconds)
        self.later.do(seconds, partial(self._wake, pid))
        return await self.stage.pause(pid)

    def _wake(self, pid: int) -> None:
        """Let it go on, unless it was meanwhile stopped for longer."""
        if time.monotonic() >= self._wakes_at[pid]:
            self.stage.resume(pid)


def _now() -> float:
    return time.time()  # noqa: TID251  closing times are compared with it, and the database's clock is this machine's
