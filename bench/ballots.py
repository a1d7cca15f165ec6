"""Ballots over HTTP: the cost of each processing step, and single transactions against group commit."""

import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final
from uuid import UUID, uuid4

from sqlalchemy import text

from bench.infrastructure import Infrastructure, Process, opened
from bench.load import LoadResult, closed_loop, request
from bench.server import NOTHING, SINGLE, STATEMENT, VARIANTS
from townhall.chassis.db import Database
from townhall.contracts import proposal
from townhall.contracts.values import RuleUsed, TaskId
from voting.domain.parameters import Parameters
from voting.domain.voter_keys import Keyring
from voting.handlers import votes
from voting.store.rules import RULES

YES: Final = b'{"choice":"yes"}'
CALLERS: Final = 16
KNOWN: Final = 10_000
"""Number of voters whose tokens fit into voting's cache."""
MAX_REQUESTS: Final = 1_000_000
"""Requests of one step at most."""
UNREACHABLE_THRESHOLD: Final = 100_000_000
"""The threshold of the votes measured here; reaching it is measured separately."""

_WRONG_TALLIES = text("""
    SELECT count(*) FROM tally WHERE (yes, no) <> (
        SELECT count(*) FILTER (WHERE choice), count(*) FILTER (WHERE NOT choice)
        FROM current_ballot JOIN vote ON vote.id = vote_id WHERE vote.task_id = tally.task_id)
""")
_COUNTED = text("SELECT yes + no FROM tally WHERE task_id = :task_id")


@dataclass(slots=True)
class BallotBench:
    """Measures ballots on a voting service, with a token for each voter."""

    infrastructure: Infrastructure
    db: Database
    tokens: Sequence[str]
    seconds: float
    exact: bool = True
    """False once the totals of a step differ from its accepted ballots."""
    _sent: int = 0
    """Index of the first voter of the next step, so that no token is in voting's cache."""

    async def ballots(self, processes: Sequence[Process], task: UUID, callers: int = CALLERS) -> dict[str, Any]:
        """Send one ballot of each voter until the time is over; return figures, and compare totals with responses."""
        voters = [*self.tokens[self._sent :], *self.tokens[: self._sent]]
        requests = [request("PUT", f"/votes/{task}/ballot", token, YES) for token in voters]
        result, figures = await cost(self.infrastructure, processes, requests, callers, self.seconds)
        self._sent = (self._sent + len(result.latencies)) % len(self.tokens)
        async with self.db.reading() as session:
            counted = (await session.execute(_COUNTED, {"task_id": task})).scalar_one()
        self.exact &= counted in {0, result.accepted}
        return figures

    async def cost(self, process: Process, requests: Sequence[bytes]) -> dict[str, Any]:
        """Send the same requests repeatedly; return figures."""
        again = list(requests) * (MAX_REQUESTS // len(requests))
        return (await cost(self.infrastructure, [process], again, CALLERS, self.seconds))[1]

    async def recount(self) -> bool:
        """Return whether all totals equal a recount and the responses."""
        async with self.db.reading() as session:
            return self.exact and (await session.execute(_WRONG_TALLIES)).scalar_one() == 0


async def measure(infrastructure: Infrastructure, voters: int, seconds: float) -> dict[str, Any]:
    """Return all figures about ballots, except those of `isolation`."""
    url = await infrastructure.database("voting")
    async with opened(url, "voting") as db, AsyncExitStack() as stack:
        await set_unreachable_threshold(db)
        bench = BallotBench(infrastructure, db, await infrastructure.tokens(voters), seconds)
        tasks_by_variant = {variant: await schedule(db, infrastructure.key) for variant in VARIANTS}
        arguments = [f"{variant}={task}" for variant, task in tasks_by_variant.items()]
        first = await stack.enter_async_context(infrastructure.serving("bench.server", "voting", url, *arguments))
        results = await _steps(bench, first, tasks_by_variant)
        second = await stack.enter_async_context(infrastructure.serving("bench.server", "voting", url, *arguments))
        results["grouped_two_workers"] = await bench.ballots([first, second], await schedule(db, infrastructure.key))
        results["resident_mb_after"] = round(first.resident_mb, 1)
        results["exact"] = await bench.recount()
    return results


async def _steps(bench: BallotBench, process: Process, tasks_by_variant: dict[str, UUID]) -> dict[str, Any]:
    """Measure the steps of processing a ballot; unless noted, no token is in voting's cache."""
    results: dict[str, Any] = {"empty": await bench.cost(process, [request("GET", "/bench/empty")])}
    for _warm_up in range(2):
        results["noop"] = await bench.ballots([process], tasks_by_variant[NOTHING])
    known = [request("PUT", f"/votes/{tasks_by_variant[NOTHING]}/ballot", token, YES) for token in bench.tokens[:KNOWN]]
    for _warm_up in range(2):
        results["noop_known_tokens"] = await bench.cost(process, known)
    for variant in (SINGLE, STATEMENT):
        results[variant] = await bench.ballots([process], tasks_by_variant[variant])
    tasks = {callers: await schedule(bench.db, bench.infrastructure.key) for callers in (1, 4, 8, CALLERS, 32, 64, 128)}
    curve = {callers: await bench.ballots([process], task, callers) for callers, task in tasks.items()}
    results["latency"] = [{"callers": callers} | figures for callers, figures in curve.items()]
    results["grouped"] = curve[CALLERS]
    results["tally_reads"] = await bench.cost(process, [request("GET", f"/votes/{tasks[CALLERS]}")])
    return results


async def cost(
    infrastructure: Infrastructure,
    processes: Sequence[Process],
    requests: Sequence[bytes],
    callers: int,
    seconds: float,
) -> tuple[LoadResult, dict[str, Any]]:
    """Send a load to processes; return its result, and its figures with CPU time in microseconds a request."""
    before = _cpu_seconds(infrastructure, processes)
    result = await closed_loop([process.port for process in processes], requests, callers, seconds)
    used = zip(_cpu_seconds(infrastructure, processes), before, strict=True)
    cpu = [round((now - then) / max(len(result.latencies), 1) * 1e6, 1) for now, then in used]
    return result, result.figures | {"cpu_us": dict(zip(("voting", "postgres", "load"), cpu, strict=True))}


def _cpu_seconds(infrastructure: Infrastructure, processes: Sequence[Process]) -> tuple[float, float, float]:
    return sum(each.cpu_seconds for each in processes), infrastructure.postgres_cpu_seconds, time.process_time()


async def set_unreachable_threshold(db: Database) -> None:
    """Enact a rule under which no vote reaches its threshold."""
    async with db.transaction() as tx:
        await RULES.enact(tx, "bench", Parameters(yes_more_than=UNREACHABLE_THRESHOLD, ballots_changeable=True), None)


async def schedule(db: Database, key: str) -> UUID:
    """Open a vote for a month; return the task id."""
    keyring = Keyring(1, {1: bytes.fromhex(key)})
    async with db.transaction() as tx:
        task = proposal.TaskSelected(
            task_id=TaskId(uuid4()),
            title="측정",
            origin="government",
            proposal_ids=(),
            reason="public-interest",
            opens_at=tx.now,
            closes_at=tx.now + timedelta(days=30),
            rule=RuleUsed(version=1, article="bench"),
        )
        await votes.schedule_votes(tx, [task], keyring)
    return task.task_id
