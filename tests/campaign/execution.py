"""The execution of one run: start, load and faults, heal, converge, check, replay and refill, check again."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Final

import aiohttp

from tests.campaign import convergence
from tests.campaign.catalogue import FAULTS, Fault
from tests.campaign.checks import ballots, delivery, process, public
from tests.campaign.citizens import Citizens
from tests.campaign.client import Client
from tests.campaign.configuration import INJECTED, MUTANTS, Configuration
from tests.campaign.deployment import Deployment
from tests.campaign.evidence import Evidence, gathered, state_hash
from tests.campaign.ledger import Ledger
from tests.campaign.nemesis import Nemesis
from tests.campaign.officials import Officials
from tests.campaign.run import Run, Verdict
from tests.campaign.schedule import schedule
from tests.campaign.startup import started
from tests.campaign.topics import Intruder
from townhall.chassis.retrying import sleep
from townhall_local.service_names import SERVICES

WORKERS: Final = 10
"""Concurrent workers that send ballots."""


@dataclass
class Execution:
    """The execution of one run."""

    run: Run
    fault: Fault
    deployment: Deployment
    client: Client
    progress: Callable[[str], None]
    ledger: Ledger = field(default_factory=Ledger)

    def __post_init__(self) -> None:
        self.verdict = Verdict(self.run)
        self.intruder = Intruder(Random(f"{self.run.seed} intruder"))
        self.nemesis = Nemesis(self.deployment, self.ledger, self.intruder)

    async def result(self) -> Verdict:
        """Execute the run. It ends with the first check that fails, so that the state stays as it was found."""
        async with self._supervised():
            await self._load()
            await self._converge()
            await self._check()
            if self.verdict.ok and not self.run.brief:
                await self._repeat("replay", convergence.replay)
            if self.verdict.ok and not self.run.brief:
                await self._repeat("refill", convergence.empty_and_refill)
        return self.verdict

    @asynccontextmanager
    async def _supervised(self) -> AsyncIterator[None]:
        supervisor = asyncio.create_task(self.deployment.supervise())
        try:
            yield
        finally:
            supervisor.cancel()

    async def _load(self) -> None:
        """Let citizens and officials work while the schedule is executed; return when every fault has ended."""
        secs, rng = self.run.secs, Random(f"{self.run.seed} officials")
        officials = Officials(self.client, self.ledger, rng, until=time.time() + secs + 60)  # noqa: TID251  a calendar
        await officials.set_up()
        officials.until = time.time() + secs  # noqa: TID251  the same
        for name in self.fault.injected:
            self.deployment.switch(name.replace("_", "-"), "on")
        citizens = self._citizens()
        self.progress(f"{secs:.0f} s of load and {self.run.fault}")
        working = [asyncio.create_task(citizens.run()), asyncio.create_task(officials.run())]
        strikes = schedule(self.run.seed, self.fault.acts, secs)
        await asyncio.gather(self.nemesis.run(strikes), sleep(secs))
        citizens.running = officials.running = False
        await self.nemesis.heal()
        await self.deployment.servers_running()
        self.healed = time.monotonic()
        self.client.ending = True
        await asyncio.gather(*working)
        self.client.ending = False
        self.progress(f"healed; {self.ledger.acknowledged} ballots acknowledged")

    def _citizens(self) -> Citizens:
        factor = self.fault.load_factor
        return Citizens(self.client, self.ledger, self.run.seed, WORKERS * factor, without_pause=factor > 1)

    async def _converge(self) -> None:
        """Wait until every process is ready and nothing is left to do; it is a finding if that takes too long."""
        urls = self.deployment.infrastructure.urls
        try:
            async with asyncio.timeout(convergence.CONVERGES_WITHIN - (time.monotonic() - self.healed)):
                await self.deployment.ready()
                await Officials(self.client, self.ledger, Random(self.run.seed), until=0.0).call_large_meetings()
                await convergence.converged(urls, convergence.CONVERGES_WITHIN, dead_letters_too=False)
            self.verdict.recovery_seconds = round(time.monotonic() - self.healed, 1)
            for last in self.ledger.still_to_close(now := time.time())[-1:]:  # noqa: TID251  a calendar
                await sleep(last - now)
        except (convergence.NotConverged, TimeoutError) as error:
            pending = str(error) or await convergence.pending_work(urls)
            reasons = filter(None, (pending, self.deployment.not_ready, self.deployment.repair_error))
            self.verdict.broken.append(("not-converged", "; ".join(reasons) or "it took too long"))

    async def _check(self) -> None:
        self.progress("checking")
        self.verdict.broken += await self._parked()
        try:
            await convergence.converged(self.deployment.infrastructure.urls, convergence.CONVERGES_WITHIN)
        except convergence.NotConverged as error:
            self.verdict.broken.append(("not-converged", str(error)))
        evidence = await self._evidence()
        master = bytes.fromhex(self.deployment.data_directory.secret("voting-master"))
        self.verdict.broken += ballots.broken(evidence, self.ledger, master, self.deployment.issuer.url)
        self.verdict.broken += process.broken(evidence, self.ledger)
        self.verdict.broken += delivery.broken(evidence, publishes_once=self.fault.publishes_once)
        voting = [each.url for each in self.deployment.processes if each.name == "voting"]
        self.verdict.broken += await public.broken(evidence, voting)
        self.verdict.broken += self._answers()
        self._count(evidence)
        self.verdict.marks = self._marks(evidence)
        self.verdict.broken += self._never_struck()

    async def _evidence(self) -> Evidence:
        infrastructure = self.deployment.infrastructure
        return await gathered(infrastructure.urls, infrastructure.broker.address, self.intruder.poison)

    async def _parked(self) -> list[tuple[str, str]]:
        """Return how dead letters differ from what they must be, after at most `PARKS_WITHIN` seconds."""
        began = time.monotonic()
        while True:
            found = list(delivery.parked(await self._evidence()))
            if not found or time.monotonic() - began > convergence.PARKS_WITHIN:
                return found
            await sleep(0.5)

    def _answers(self) -> Iterator[tuple[str, str]]:
        for each in self.ledger.wrong:
            rule, _, finding = each.partition(": ")
            yield rule, finding
        for response in self.client.unexpected:
            yield "answered-500", response
        if not self.ledger.acknowledged:
            yield "nothing-shown", "no ballot was acknowledged"

    def _never_struck(self) -> Iterator[tuple[str, str]]:
        """Return the acts of the schedule and marks of the fault that were not observed: the run shows nothing then."""
        for act, times in self.nemesis.struck.items():
            if not times:
                yield "fault-never-struck", act
        for mark in self.fault.marks:
            if not self.verdict.marks.get(mark):
                yield "fault-never-struck", f"no {mark}"

    def _marks(self, evidence: Evidence) -> dict[str, int]:
        """Count the observed effects of the fault."""
        marks = self.nemesis.marks + Counter(self.deployment.switches.marks())
        for proxy in self.deployment.proxies:
            marks.update({f"{state} on a connection": times for state, times in proxy.struck.items()})
        log = (self.deployment.infrastructure.postgres.directory / "postgres.log").read_text(errors="replace")
        marks["writes refused by a full disk"] = log.count("No space left on device")
        marks["callers refused"] = self.client.refused_busy
        marks["dead letters"] = sum(len(evidence.rows(service, "dead_letter")) for service in SERVICES)
        marks["deaths"] = self.deployment.deaths
        marks["services that ended without being killed"] = self.deployment.crashes
        return {mark: times for mark, times in sorted(marks.items()) if times}

    def _count(self, evidence: Evidence) -> None:
        entries = self.ledger.ballots.values()
        self.verdict.struck = dict(self.nemesis.struck)
        self.verdict.answers = dict(self.ledger.answers.most_common())
        self.verdict.counts = {
            "acknowledged": self.ledger.acknowledged,
            "indeterminate": sum(bool(each.indeterminate) and each.acknowledged is None for each in entries),
            "crossings": len(ballots.crossings(evidence)),
            "cases": len(evidence.rows("committee", "case")),
            "events": len(evidence.records),
            "initiatives": len(evidence.rows("evaluation", "initiative")),
        }

    async def _repeat(self, what: str, act: Callable[[Deployment], Awaitable[None]]) -> None:
        """Repeat the processing of stored events; the state must be the same afterwards."""
        self.progress(what)
        urls = self.deployment.infrastructure.urls
        before = await state_hash(urls)
        await act(self.deployment)
        try:
            await convergence.converged(urls, convergence.CONVERGES_WITHIN)
        except convergence.NotConverged as error:
            self.verdict.broken.append(("not-converged", f"{what}: {error}"))
        after = await state_hash(urls)
        changed = [table for table in before if before[table] != after.get(table)]
        if changed:
            self.verdict.broken.append((f"{what}-changes-state", ", ".join(changed)))


def configuration_of(run: Run) -> Configuration:
    """Return the configuration of the platform for a run."""
    fault = FAULTS[run.fault]
    injected = [INJECTED / f"{each}.py" for each in fault.injected]
    injected += [MUTANTS / f"{run.mutant}.py"] if run.mutant else []
    return Configuration(
        run.broker,
        fault.replicas,
        tuple(injected),
        fault.proxied,
        fault.settings,
        replicated=fault.replicated,
        small_disk=fault.small_disk,
    )


async def execute(run: Run, directory: Path, progress: Callable[[str], None]) -> Verdict:
    """Execute a run in an empty directory; `progress` is called with each step."""
    began = time.monotonic()
    async with AsyncExitStack() as stack:
        deployment = await stack.enter_async_context(started(directory / "platform", configuration_of(run), run.seed))
        session = await stack.enter_async_context(aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)))
        # aiohttp repeats a PUT by itself when a persistent connection breaks. Here every attempt counts.
        session._retry_connection = False  # noqa: SLF001  there is no public option
        progress(f"the platform is up after {time.monotonic() - began:.1f} s")
        client = Client(deployment, session, Random(f"{run.seed} client"))
        verdict = await Execution(run, FAULTS[run.fault], deployment, client, progress).result()
    verdict.seconds = time.monotonic() - began
    return verdict
