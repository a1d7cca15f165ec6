"""The course of one run: set up, load and faults, heal, drain, judge, replay, refill, judge again."""

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any, Final

import aiohttp

from tests.campaign import draining
from tests.campaign.catalogue import FAULTS, Fault
from tests.campaign.checks import ballots, delivery, process, public
from tests.campaign.citizens import Crowd
from tests.campaign.client import Client
from tests.campaign.evidence import Evidence, gathered, state_hash
from tests.campaign.ledger import Ledger
from tests.campaign.nemesis import Nemesis
from tests.campaign.officials import Officials
from tests.campaign.run import Run, Verdict
from tests.campaign.schedule import schedule
from tests.campaign.setting import MUTANTS, PLANTED, Setting
from tests.campaign.stage import Stage
from tests.campaign.staging import staged
from tests.campaign.topics import Intruder
from townhall.chassis.retrying import sleep
from townhall_local.service_names import SERVICES

LANES: Final = 10


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
        for plant in self.fault.plants:
            self.stage.switch(plant.replace("_", "-"), "on")
        crowd = Crowd(self.client, self.ledger, self.run.seed, LANES * self.fault.crowd, hurried=self.fault.crowd > 1)
        self.say(f"{secs:.0f} s of load and {self.run.fault}")
        working = [asyncio.create_task(crowd.run()), asyncio.create_task(officials.run())]
        strikes = schedule(self.run.seed, self.fault.acts, secs)
        await asyncio.gather(self.nemesis.run(strikes), sleep(secs))
        crowd.going = officials.going = False
        await self.nemesis.heal()
        await self.stage.standing()
        self.healed = time.monotonic()
        self.client.leaving = True
        await asyncio.gather(*working)
        self.client.leaving = False
        self.say(f"healed; {self.ledger.acknowledged} ballots acknowledged")

    async def _heal(self) -> None:
        """Wait for everything to be back and at rest, which may take only so long."""
        try:
            async with asyncio.timeout(draining.CONVERGES_WITHIN - (time.monotonic() - self.healed)):
                await self.stage.ready()
                await Officials(self.client, self.ledger, Random(self.run.seed), until=0.0).make_room()
                await draining.converged(self.stage.ground.urls, draining.CONVERGES_WITHIN, aside_too=False)
            self.verdict.recovery_seconds = round(time.monotonic() - self.healed, 1)
            for last in self.ledger.still_to_close(now := time.time())[-1:]:  # noqa: TID251  a calendar
                await sleep(last - now)
        except (draining.NotConverged, TimeoutError) as fault:
            waits = str(fault) or await draining.what_waits(self.stage.ground.urls)
            said = "; ".join(filter(None, (waits, self.stage.unready, self.stage.hindrance)))
            self.verdict.broken.append(("not-converged", said or "it took too long"))

    async def _judge(self) -> None:
        urls, servers = self.stage.ground.urls, self.stage.ground.broker.address
        self.say("judging")
        self.verdict.broken += await self._parked()
        try:
            await draining.converged(urls, draining.CONVERGES_WITHIN)
        except draining.NotConverged as fault:
            self.verdict.broken.append(("not-converged", str(fault)))
        evidence = await gathered(urls, servers, self.intruder.junk)
        master = bytes.fromhex(self.stage.home.secret("voting-master"))
        self.verdict.broken += ballots.broken(evidence, self.ledger, master)
        self.verdict.broken += process.broken(evidence, self.ledger)
        self.verdict.broken += delivery.broken(evidence, calm=self.fault.calm)
        voting = [each.url for each in self.stage.processes if each.name == "voting"]
        self.verdict.broken += await public.broken(evidence, voting)
        self.verdict.broken += self._answers()
        self._count(len(ballots.crossings(evidence)), len(evidence.rows("committee", "case")), len(evidence.records))
        self.verdict.marks = self._marks(evidence)
        self.verdict.broken += self._never_struck()
        self.verdict.counts["initiatives"] = len(evidence.rows("evaluation", "initiative"))

    async def _parked(self) -> list[tuple[str, str]]:
        """Return what is not aside as it has to be, after some time for it: junk is in no outbox to be waited for."""
        began = time.monotonic()
        while True:
            urls, servers = self.stage.ground.urls, self.stage.ground.broker.address
            found = list(delivery.parked(await gathered(urls, servers, self.intruder.junk)))
            if not found or time.monotonic() - began > draining.PARKS_WITHIN:
                return found
            await sleep(0.5)

    def _answers(self) -> Iterator[tuple[str, str]]:
        for said in self.ledger.wrong:
            rule, _, what = said.partition(": ")
            yield rule, what
        for said in self.client.strange:
            yield "answered-500", said
        if not self.ledger.acknowledged:
            yield "nothing-shown", "not one ballot was acknowledged"

    def _never_struck(self) -> Iterator[tuple[str, str]]:
        """A fault that did nothing shows nothing: every act of the schedule has struck and left its marks."""
        for act, times in self.nemesis.struck.items():
            if not times:
                yield "fault-never-struck", act
        for mark in self.fault.marks:
            if not self.verdict.marks.get(mark):
                yield "fault-never-struck", f"no {mark}"

    def _marks(self, evidence: Evidence) -> dict[str, int]:
        """Count what was seen of the faults, from all who see them."""
        marks = self.nemesis.marks + Counter(self.stage.switches.marks())
        for wire in self.stage.wires:
            marks.update({f"{state} on a wire": times for state, times in wire.struck.items()})
        full = (self.stage.ground.postgres.directory / "postgres.log").read_text(errors="replace")
        marks["writes refused for want of room"] = full.count("No space left on device")
        marks["callers turned away"] = self.client.turned_away
        marks["messages set aside"] = sum(len(evidence.rows(service, "dead_letter")) for service in SERVICES)
        marks["deaths"] = self.stage.deaths
        marks["services that ended by themselves"] = self.stage.crashes
        return {mark: times for mark, times in sorted(marks.items()) if times}

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
    plants = [PLANTED / f"{each}.py" for each in fault.plants]
    plants += [MUTANTS / f"{run.mutant}.py"] if run.mutant else []
    return Setting(run.broker, fault.replicas, tuple(plants), fault.wires, fault.told, fault.small_disk)


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
