"""The time from reaching the threshold to the case at the Committee, under half the maximum load."""

import asyncio
from contextlib import AsyncExitStack
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text

from bench.ballots import YES, schedule
from bench.infrastructure import Infrastructure, opened
from bench.load import LoadResult, open_loop, request
from townhall.chassis.db import Database
from townhall.chassis.retrying import sleep
from voting.domain.parameters import Parameters
from voting.store.rules import RULES

CROSSINGS = 40
MORE_THAN = 20

_OPENED = text('SELECT task_id, opened_at FROM "case"')
_REACHED = text("SELECT task_id, reached_at FROM crossing")


async def measure(infrastructure: Infrastructure, top: float, seconds: float) -> dict[str, Any]:
    """Return the time from threshold to case in seconds, by the clock of the databases."""
    voting_url, committee_url = await infrastructure.database("voting"), await infrastructure.database("committee")
    async with AsyncExitStack() as stack:
        votes = await stack.enter_async_context(opened(voting_url, "voting"))
        cases = await stack.enter_async_context(opened(committee_url, "committee"))
        async with votes.transaction() as tx:
            rule = Parameters(yes_more_than=MORE_THAN, ballots_changeable=True)
            await RULES.enact(tx, "bench", rule, None)
        tasks = [await schedule(votes, infrastructure.key) for _ in range(CROSSINGS + 1)]
        process = await stack.enter_async_context(infrastructure.serving("bench.server", "voting", voting_url))
        await stack.enter_async_context(infrastructure.serving("committee", "committee", committee_url))
        result = await _load(infrastructure, process.port, tasks, top / 2, seconds)
        times = await _times_to_case(votes, cases)
    times.sort()
    return {
        "crossings": len(times),
        "ballots_per_second": round(result.rate, 1),
        "p50_s": round(times[len(times) // 2], 3),
        "p99_s": round(times[min(int(len(times) * 0.99), len(times) - 1)], 3),
    }


async def _load(
    infrastructure: Infrastructure, port: int, tasks: list[UUID], rate: float, seconds: float
) -> LoadResult:
    """Send most ballots to one task and the rest to the others, which reach their thresholds one by one."""
    count = max(int(rate * seconds), 2 * CROSSINGS * (MORE_THAN + 1))
    voters = await infrastructure.tokens(min(count, 80_000))
    *others, busy = tasks
    needed = [(task, voter) for task in others for voter in voters[: MORE_THAN + 1]]
    every = count // len(needed)
    requests = []
    for number in range(count):
        task, voter = needed.pop(0) if needed and number % every == 0 else (busy, voters[number % len(voters)])
        requests.append(request("PUT", f"/votes/{task}/ballot", voter, YES))
    return await open_loop([port], requests, rate)


async def _times_to_case(votes: Database, cases: Database) -> list[float]:
    async with votes.reading() as session:
        reached: dict[UUID, datetime] = dict((await session.execute(_REACHED)).tuples().all())
    async with asyncio.timeout(60):
        while True:
            async with cases.reading() as session:
                opened_at: dict[UUID, datetime] = dict((await session.execute(_OPENED)).tuples().all())
            if reached.keys() <= opened_at.keys():
                return [(opened_at[task] - reached[task]).total_seconds() for task in reached]
            await sleep(0.2)
