"""Ballots over HTTP: what the steps of their way cost, one transaction each against groups, and a task going viral."""

import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final
from uuid import UUID, uuid4

from sqlalchemy import text

from bench.infrastructure import Infrastructure, Process, opened
from bench.load import Seen, closed, request
from bench.server import NOTHING, SINGLE, STATEMENT, WAYS
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
"""Voters whose tokens voting remembers all at once."""
MOST: Final = 1_000_000
"""Requests of one step."""
NOBODY_CROSSES: Final = 100_000_000
"""Of the votes measured here: the threshold is measured apart."""

_WRONG = text("""
    SELECT count(*) FROM tally WHERE (yes, no) <> (
        SELECT count(*) FILTER (WHERE choice = 'yes'), count(*) FILTER (WHERE choice = 'no')
        FROM current_ballot WHERE current_ballot.task_id = tally.task_id)
""")
_COUNTED = text("SELECT yes + no FROM tally WHERE task_id = :task_id")


@dataclass(slots=True)
class Poll:
    """Voting's database and processes, and voters with a token each."""

    infrastructure: Infrastructure
    db: Database
    tokens: Sequence[str]
    seconds: float
    exact: bool = True
    """False once a step's accepted ballots were not those in the totals."""
    _sent: int = 0
    """Where the next step begins: with voters whose tokens voting has forgotten, if it ever saw them."""

    async def ballots(self, processes: Sequence[Process], task: UUID, callers: int = CALLERS) -> dict[str, Any]:
        """Let every voter vote once on a task, for as long as there is time; ballots, totals and answers must agree."""
        voters = [*self.tokens[self._sent :], *self.tokens[: self._sent]]
        requests = [request("PUT", f"/votes/{task}/ballot", token, YES) for token in voters]
        seen, figures = await cost(self.infrastructure, processes, requests, callers, self.seconds)
        self._sent = (self._sent + len(seen.latencies)) % len(self.tokens)
        async with self.db.reading() as session:
            counted = (await session.execute(_COUNTED, {"task_id": task})).scalar_one()
        self.exact &= counted in {0, seen.accepted}
        return figures

    async def cost(self, process: Process, requests: Sequence[bytes]) -> dict[str, Any]:
        """Send the same requests again and again."""
        again = list(requests) * (MOST // len(requests))
        return (await cost(self.infrastructure, [process], again, CALLERS, self.seconds))[1]

    async def recount(self) -> bool:
        """Tell whether totals equal a recount of what stands, on every task, and the answers given."""
        async with self.db.reading() as session:
            return self.exact and (await session.execute(_WRONG)).scalar_one() == 0


async def measure(infrastructure: Infrastructure, voters: int, seconds: float) -> dict[str, Any]:
    """Return every figure about ballots but those of a task going viral."""
    url = await infrastructure.database("voting")
    async with opened(url, "voting") as db, AsyncExitStack() as stack:
        await never_crossing(db)
        poll = Poll(infrastructure, db, await infrastructure.tokens(voters), seconds)
        ways = {way: await schedule(db, infrastructure.key) for way in WAYS}
        told = [f"{way}={task}" for way, task in ways.items()]
        first = await stack.enter_async_context(infrastructure.serving("bench.server", "voting", url, *told))
        found = await _steps(poll, first, ways)
        second = await stack.enter_async_context(infrastructure.serving("bench.server", "voting", url, *told))
        found["grouped_two_workers"] = await poll.ballots([first, second], await schedule(db, infrastructure.key))
        found["resident_mb_after"] = round(first.resident_mb, 1)
        found["exact"] = await poll.recount()
    return found


async def _steps(poll: Poll, process: Process, ways: dict[str, UUID]) -> dict[str, Any]:
    """Measure the way of a ballot in steps; where nothing else is said each token is new to voting."""
    found: dict[str, Any] = {"empty": await poll.cost(process, [request("GET", "/bench/empty")])}
    for _warmed_up in range(2):
        found["noop"] = await poll.ballots([process], ways[NOTHING])
    known = [request("PUT", f"/votes/{ways[NOTHING]}/ballot", token, YES) for token in poll.tokens[:KNOWN]]
    for _seen_before in range(2):
        found["noop_known_tokens"] = await poll.cost(process, known)
    for way in (SINGLE, STATEMENT):
        found[way] = await poll.ballots([process], ways[way])
    tasks = {callers: await schedule(poll.db, poll.infrastructure.key) for callers in (1, 4, 8, CALLERS, 32, 64, 128)}
    curve = {callers: await poll.ballots([process], task, callers) for callers, task in tasks.items()}
    found["latency"] = [{"callers": callers} | figures for callers, figures in curve.items()]
    found["grouped"] = curve[CALLERS]
    found["tally_reads"] = await poll.cost(process, [request("GET", f"/votes/{tasks[CALLERS]}")])
    return found


async def cost(
    infrastructure: Infrastructure,
    processes: Sequence[Process],
    requests: Sequence[bytes],
    callers: int,
    seconds: float,
) -> tuple[Seen, dict[str, Any]]:
    """Put a load on processes; return what it saw, and that with what it took of the processors, in us a request."""
    before = _spent(infrastructure, processes)
    seen = await closed([process.port for process in processes], requests, callers, seconds)
    spent = zip(_spent(infrastructure, processes), before, strict=True)
    cpu = [round((now - then) / max(len(seen.latencies), 1) * 1e6, 1) for now, then in spent]
    return seen, seen.told | {"cpu_us": dict(zip(("voting", "postgres", "load"), cpu, strict=True))}


def _spent(infrastructure: Infrastructure, processes: Sequence[Process]) -> tuple[float, float, float]:
    return sum(each.cpu_seconds for each in processes), infrastructure.postgres_cpu_seconds, time.process_time()


async def never_crossing(db: Database) -> None:
    """Put a rule in force under which no vote reaches its threshold."""
    async with db.transaction() as tx:
        await RULES.enact(tx, "bench", Parameters(yes_more_than=NOBODY_CROSSES, ballots_changeable=True), None)


async def schedule(db: Database, key: str) -> UUID:
    """Open a vote for a month."""
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
