"""SIGSTOP of a process that leads, consumes or takes ballots, and SIGCONT some time later."""

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Final

from tests.campaign.deployment import UNREACHABLE, Deployment
from tests.campaign.ledger import Ledger
from tests.campaign.schedule import Strike
from townhall.chassis.retrying import sleep
from townhall_local.up.service import ServiceProcess

CONSUMERS: Final = ("proposal", "committee", "evaluation")
AROUND_CLOSING: Final = 0.7
"""Seconds before and after a closing time during which the intake is stopped."""
SUCCESSION: Final = 4.5
"""Seconds within which another relay takes the lead, with the lease of `injected/short_lease.py`."""


def one_of(deployment: Deployment, strike: Strike, service: str = "") -> ServiceProcess:
    """Choose a process; voting has the most to lose and counts twice."""
    candidates = [each for each in deployment.processes if service in {"", each.name}]
    candidates += [] if service else [each for each in candidates if each.name == "voting"]
    return candidates[int(strike.target * len(candidates))]


@dataclass
class Later:
    """What ends a strike some time after it; all of it can be cancelled."""

    tasks: set["asyncio.Task[None]"] = field(default_factory=set)

    def call(self, seconds: float, act: Callable[[], object]) -> None:
        """Call a function after so many seconds."""

        async def end() -> None:
            await sleep(seconds)
            act()

        self.run(end())

    def run(self, act: Awaitable[None]) -> None:
        """Run something in the background."""
        self.tasks.add(asyncio.ensure_future(act))

    def cancel(self) -> None:
        """Cancel all of it."""
        for task in self.tasks:
            task.cancel()


@dataclass
class Pausing:
    """The strikes that stop a process and let it continue later."""

    deployment: Deployment
    ledger: Ledger
    marks: Counter[str]
    later: Later
    _resume_at: dict[int, float] = field(default_factory=dict)

    async def any(self, strike: Strike) -> bool:
        """Stop any process of a service."""
        return await self.pause(one_of(self.deployment, strike).pid, strike.seconds)

    async def leader(self, strike: Strike) -> bool:
        """Stop the process whose relay leads, and watch whether another replaces it."""
        service = ("voting", "proposal")[strike.target < 0.5]
        leader = await self.deployment.leader(service)
        others = sum(each.name == service for each in self.deployment.processes) - 1
        seconds = max(strike.seconds, SUCCESSION) if others else strike.seconds
        if leader is None or not await self.pause(leader.pid, seconds):
            return False
        self.later.run(self._watch_for_a_new_leader(service, leader))
        return True

    async def _watch_for_a_new_leader(self, service: str, before: ServiceProcess) -> None:
        with suppress(*UNREACHABLE):
            while before.pid in self.deployment.stopped:
                now = await self.deployment.leader(service)
                if now is not None and now is not before:
                    self.marks["leaders replaced"] += 1
                    return
                await sleep(0.2)

    async def consumer(self, strike: Strike) -> bool:
        """Stop a process of a service that mainly consumes."""
        service = CONSUMERS[int(strike.target * len(CONSUMERS))]
        return await self.pause(one_of(self.deployment, strike, service).pid, strike.seconds)

    async def intake(self, strike: Strike) -> bool:
        """Stop voting from shortly before the next vote closes until some time after."""
        closes_at, process = await self._next_closing(), one_of(self.deployment, strike, "voting")
        await sleep(max(0.0, closes_at - _now() - AROUND_CLOSING))
        if not await self.pause(process.pid, max(strike.seconds, closes_at - _now() + AROUND_CLOSING)):
            return False
        self.later.call(closes_at - _now(), partial(self._mark_if_stopped, process.pid))
        return True

    def _mark_if_stopped(self, pid: int) -> None:
        self.marks["closing times while stopped"] += pid in self.deployment.stopped

    async def _next_closing(self) -> float:
        while True:
            if ahead := self.ledger.still_to_close(_now() + 0.1):
                return ahead[0]
            await sleep(0.1)

    async def pause(self, pid: int, seconds: float) -> bool:
        """Stop a process for so many seconds; return whether it is stopped."""
        self._resume_at[pid] = max(self._resume_at.get(pid, 0.0), time.monotonic() + seconds)
        self.later.call(seconds, partial(self._resume, pid))
        return await self.deployment.pause(pid)

    def _resume(self, pid: int) -> None:
        """Let the process continue, unless it was stopped for longer in the meantime."""
        if time.monotonic() >= self._resume_at[pid]:
            self.deployment.resume(pid)


def _now() -> float:
    return time.time()  # noqa: TID251  closing times are compared with it, and the database's clock is this machine's
