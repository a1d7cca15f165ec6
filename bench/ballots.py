"""Ballots over HTTP: what the route's parts cost, one transaction each against groups, and a task going viral."""

import asyncio
from collections.abc import Sequence
from contextlib import AsyncExitStack
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import text

from bench.ground import Ground, Process, opened
from bench.load import Seen, closed, paced, request
from townhall.chassis.db import Database
from townhall.contracts import proposal
from townhall.contracts.values import RuleUsed, TaskId
from voting import handlers
from voting.domain.nullifier import Keyring

YES = b'{"choice":"yes"}'
CALLERS = 16
QUIET_TASKS = 10


async def measure(ground: Ground, voters: int, seconds: float) -> dict[str, Any]:
    """Return every figure about ballots."""
    tokens = [ground.issuer.token("citizen", f"voter-{number}") for number in range(voters)]
    url = await ground.database("voting")
    async with opened(url, "voting") as db, AsyncExitStack() as stack:
        tasks = [await schedule(db, ground.key) for _ in range(12 + 2 * QUIET_TASKS)]
        first = await stack.enter_async_context(ground.serving("bench.server", "voting", url))
        found = await _parts(first, tokens, tasks, seconds)
        second = await stack.enter_async_context(ground.serving("bench.server", "voting", url))
        found["grouped_two_workers"] = await _counted([first, second], tokens, tasks[6], seconds)
        found["latency"] = [await _at(first, tokens, tasks[8], callers, seconds / 2) for callers in (1, 4, 16, 64)]
        found["isolation"] = await _isolation(first, tokens, tasks[12:], seconds, found["grouped"]["per_second"])
        found["tally_reads"] = (await _reads(first, tasks[0], seconds)).told
        found["resident_mb_after"] = round(first.resident_mb, 1)
        found["exact"] = await _exact(db)
    return found


async def _parts(process: Process, tokens: Sequence[str], tasks: Sequence[UUID], seconds: float) -> dict[str, Any]:
    """Measure the way of a ballot in steps, each with tokens seen before, then with new ones."""
    port = [process.port]
    puts = {
        "noop_new_tokens": [request("PUT", f"/bench/noop/{tasks[0]}", token, YES) for token in tokens],
        "noop": [request("PUT", f"/bench/noop/{tasks[0]}", token, YES) for token in tokens],
        "single": [request("PUT", f"/bench/single/{tasks[1]}", token, YES) for token in tokens],
        "grouped": [request("PUT", f"/votes/{tasks[2]}/ballot", token, YES) for token in tokens],
    }
    found: dict[str, Any] = {}
    empty = [request("GET", "/bench/empty")] * len(tokens)
    found["empty"] = (await closed(port, empty, CALLERS, seconds)).told
    for name, requests in puts.items():
        before = process.cpu_seconds
        seen = await closed(port, requests, CALLERS, seconds)
        cpu = (process.cpu_seconds - before) / max(len(seen.latencies), 1)
        found[name] = seen.told | {"server_cpu_seconds_per_million": round(cpu * 1e6)}
    return found


async def _counted(processes: Sequence[Process], tokens: Sequence[str], task: UUID, seconds: float) -> dict[str, Any]:
    requests = [request("PUT", f"/votes/{task}/ballot", token, YES) for token in tokens]
    return (await closed([each.port for each in processes], requests, CALLERS, seconds)).told


async def _at(process: Process, tokens: Sequence[str], task: UUID, callers: int, seconds: float) -> dict[str, Any]:
    requests = [request("PUT", f"/votes/{task}/ballot", token, YES) for token in tokens]
    return {"callers": callers} | (await closed([process.port], requests, callers, seconds)).told


async def _isolation(
    process: Process, tokens: Sequence[str], tasks: Sequence[UUID], seconds: float, top: float
) -> dict[str, Any]:
    """Compare p99 on quiet tasks alone, and while another task has fifty times the load of all of them."""
    rate = max(top / 2 / 51, 5.0)
    many = int(rate * seconds)
    quiet, busy, viral = tasks[:QUIET_TASKS], tasks[QUIET_TASKS : 2 * QUIET_TASKS], tasks[-1]
    alone = await paced([process.port], _spread(quiet, tokens, many), rate)
    hot = [request("PUT", f"/votes/{viral}/ballot", token, YES) for token in tokens]
    hot = (hot * (1 + 50 * many // len(hot)))[: 50 * many]
    beside, _ = await _both(process, _spread(busy, tokens, many), hot, rate)
    return {
        "quiet_p99_ms": round(alone.percentile(0.99), 2),
        "beside_viral_p99_ms": round(beside.percentile(0.99), 2),
        "rate_each": round(rate, 1),
        "rate_viral": round(50 * rate),
    }


def _spread(tasks: Sequence[UUID], tokens: Sequence[str], many: int) -> list[bytes]:
    return [
        request("PUT", f"/votes/{tasks[number % len(tasks)]}/ballot", tokens[number % len(tokens)], YES)
        for number in range(many)
    ]


async def _both(process: Process, quiet: list[bytes], hot: list[bytes], rate: float) -> tuple[Seen, Seen]:
    return await asyncio.gather(paced([process.port], quiet, rate), paced([process.port], hot, 50 * rate))


async def _reads(process: Process, task: UUID, seconds: float) -> Seen:
    return await closed([process.port], [request("GET", f"/votes/{task}")] * 200_000, CALLERS, seconds)


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
        await handlers.schedule_vote(tx, task, keyring)
    return task.task_id


async def _exact(db: Database) -> bool:
    """Tell whether totals equal a recount of what stands, on every task."""
    wrong = text("""
        SELECT count(*) FROM tally WHERE (yes, no) <> (
            SELECT count(*) FILTER (WHERE choice = 'yes'), count(*) FILTER (WHERE choice = 'no')
            FROM standing WHERE standing.task_id = tally.task_id)
    """)
    async with db.reading() as session:
        return int((await session.execute(wrong)).scalar_one()) == 0
