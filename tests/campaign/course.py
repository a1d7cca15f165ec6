"""The course of one run: set up, load and faults, heal, drain, judge, replay, refill, judge again."""

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from random import Random
from typing import Any, Final

import aiohttp

from tests.campaign import draining
from tests.campaign.catalogue import FAULTS, Fault
from tests.campaign.checks import ballots, delivery, process
from tests.campaign.citizens import Crowd
from tests.campaign.client import Client
from tests.campaign.evidence import gathered, state_hash
from tests.campaign.ledger import Ledger
from tests.campaign.nemesis import Nemesis, schedule
from tests.campaign.officials import Officials
from tests.campaign.setting import MUTANTS, PLANTED, Setting
from tests.campaign.stage import Stage, staged
from tests.campaign.topics import Intruder
from townhall.chassis.waiting import rest

LANES: Final = 10
TOLD: Final = 12
"""Findings that are told in full."""


@dataclass(frozen=True, slots=True)
class Run:
    """One run, and all that decides it."""

    seed: int
    fault: str
    mutant: str = ""
    secs: float = 20.0
    broker: str = "tansu"
    brief: bool = False
    """Whether replay and refill are left out."""


@dataclass
class Verdict:
    """What became of a run; printed as one line of JSON."""

    run: Run
    broken: list[tuple[str, str]] = field(default_factory=list)
    struck: dict[str, int] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)
    answers: dict[str, int] = field(default_factory=dict)
    recovery_seconds: float | None = None
    seconds: float = 0.0

    @property
    def ok(self) -> bool:
        """Whether every promise held."""
        return not self.broken

    def told(self) -> dict[str, Any]:
        """Return the line."""
        kinds = Counter(rule for rule, _ in self.broken)
        return asdict(self.run) | {
            "ok": self.ok, "broken": dict(kinds), "found": [f"{rule}: {said}" for rule, said in self.broken[:TOLD]],
            "struck": self.struck, **self.counts, "answers": self.answers,
            "recovery_seconds": self.recovery_seconds, "seconds": round(self.seconds, 1),
        }  # fmt: skip


@dataclass
class Course:
    """One run under way."""

    run: Run
    fault: Fault
    stage: Stage
    client: Client
    say: Callable[[str], None]
    ledger: Ledger = field(default_factory=Ledger)

    def __post_init__(self) -> None:
        self.verdict = Verdict(self.run)
        self.intruder = Intruder(Random(f"{self.run.seed} intruder"))
        self.nemesis = Nemesis(self.stage, self.ledger, self.intruder)

    async def go(self) -> Verdict:
        """Do all of it. The first judgement that fails ends the run: what is broken stays as it was found."""
        async with self._kept():
            await self._load()
            await self._heal()
            await self._judge()
            if self.verdict.ok and not self.run.brief:
                await self._same_again("replay", draining.hear_again)
            if self.verdict.ok and not self.run.brief:
                await self._same_again("refill", draining.fill_again)
        return self.verdict

    @asynccontextmanager
    async def _kept(self) -> Any:  # noqa: ANN401  a context
        keeper = asyncio.create_task(self.stage.keep())
        try:
            yield
        finally:
            keeper.cancel()

    async def _load(self) -> None:
        """Citizens and officials at work while the schedule is carried out."""
        secs, dice = self.run.secs, Random(f"{self.run.seed} officials")
        officials = Officials(self.client, self.ledger, dice, until=time.time() + secs + 60)  # noqa: TID251  a calendar
        await officials.set_up()
        officials.until = time.time() + secs  # noqa: TID251  the same
        self.stage.switch(self.fault.plant.replace("_", "-") or "none", "on")
        crowd = Crowd(self.client, self.ledger, self.run.seed, LANES * self.fault.crowd, hurried=self.fault.crowd > 1)
        self.say(f"{secs:.0f} s of load and {self.run.fault}")
        working = [asyncio.create_task(crowd.run()), asyncio.create_task(officials.run())]
        strikes = schedule(self.run.seed, self.fault.acts, secs)
        await asyncio.gather(self.nemesis.run(strikes), rest(secs))
        crowd.going = officials.going = False
        await self.nemesis.heal()
        self.healed = time.monotonic()
        await asyncio.gather(*working)
        self.say(f"healed; {self.ledger.acknowledged} ballots acknowledged")

    async def _heal(self) -> None:
        """Wait for everything to be back and at rest, which may take only so long."""
        await self.stage.ready()
        await Officials(self.client, self.ledger, Random(self.run.seed), until=0.0).make_room()
        try:
            left = draining.CONVERGES_WITHIN - (time.monotonic() - self.healed)
            await draining.converged(self.stage.ground.urls, max(left, 1.0), aside_too=False)
            self.verdict.recovery_seconds = round(time.monotonic() - self.healed, 1)
        except draining.NotConverged as fault:
            self.verdict.broken.append(("not-converged", str(fault)))

    async def _judge(self) -> None:
        urls, servers = self.stage.ground.urls, self.stage.ground.broker.address
        self.say("judging")
        before = await gathered(urls, servers, self.intruder.junk)
        self.verdict.broken += delivery.parked(before)
        await draining.drop_aside(urls)
        try:
            await draining.converged(urls, draining.CONVERGES_WITHIN)
        except draining.NotConverged as fault:
            self.verdict.broken.append(("not-converged", str(fault)))
        evidence = await gathered(urls, servers, self.intruder.junk)
        master = bytes.fromhex(self.stage.home.secret("voting-master"))
        self.verdict.broken += ballots.broken(evidence, self.ledger, master)
        self.verdict.broken += process.broken(evidence, self.ledger)
        self.verdict.broken += delivery.broken(evidence, calm=self.fault.calm)
        self.verdict.broken += self._answers()
        self._count(len(ballots.crossings(evidence)), len(evidence.rows("committee", "case")), len(evidence.records))
        self.verdict.counts["initiatives"] = len(evidence.rows("evaluation", "initiative"))

    def _answers(self) -> Iterator[tuple[str, str]]:
        for said in self.ledger.wrong:
            rule, _, what = said.partition(": ")
            yield rule, what
        for said in self.client.strange:
            yield "answered-500", said
        if self.fault.acts and not sum(self.nemesis.struck.values()):
            yield "fault-never-struck", self.run.fault

    def _count(self, crossings: int, cases: int, events: int) -> None:
        known = self.ledger.ballots.values()
        self.verdict.struck = dict(self.nemesis.struck)
        self.verdict.answers = dict(self.ledger.answers.most_common())
        self.verdict.counts = {
            "acknowledged": self.ledger.acknowledged,
            "maybe": sum(bool(each.maybe) and each.acknowledged is None for each in known),
            "crossings": crossings,
            "cases": cases,
            "events": events,
            "deaths": self.stage.deaths,
            "wires_struck": sum(wire.struck for wire in self.stage.wires.values()),
        }

    async def _same_again(self, what: str, act: Any) -> None:  # noqa: ANN401  a way to begin again
        """Begin again from what was kept: nothing may be different afterwards."""
        self.say(what)
        before = await state_hash(self.stage.ground.urls)
        await act(self.stage)
        try:
            await draining.converged(self.stage.ground.urls, draining.CONVERGES_WITHIN)
        except draining.NotConverged as fault:
            self.verdict.broken.append(("not-converged", f"{what}: {fault}"))
        after = await state_hash(self.stage.ground.urls)
        changed = [table for table in before if before[table] != after.get(table)]
        if changed:
            self.verdict.broken.append((f"{what}-changes-state", ", ".join(changed)))


def setting_of(run: Run) -> Setting:
    """Return how the platform is set up for a run."""
    fault = FAULTS[run.fault]
    plants = [PLANTED / f"{fault.plant}.py"] if fault.plant else []
    plants += [MUTANTS / f"{run.mutant}.py"] if run.mutant else []
    return Setting(run.broker, fault.replicas, tuple(plants), fault.wired, fault.told, fault.small_disk)


async def carry_out(run: Run, directory: Path, say: Callable[[str], None]) -> Verdict:
    """Run once, from an empty directory."""
    began = time.monotonic()
    async with AsyncExitStack() as stack:
        stage = await stack.enter_async_context(staged(directory / "platform", setting_of(run), run.seed))
        session = await stack.enter_async_context(aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)))
        # aiohttp repeats a PUT by itself when a kept-alive connection breaks. Here every attempt counts.
        session._retry_connection = False  # noqa: SLF001  there is no public way
        say(f"the platform is up after {time.monotonic() - began:.1f} s")
        client = Client(stage, session, Random(f"{run.seed} client"))
        verdict = await Course(run, FAULTS[run.fault], stage, client, say).go()
    verdict.seconds = time.monotonic() - began
    return verdict
