"""Isolation: the latency of ballots on other tasks while one task is viral, against a run without it."""

import asyncio
import statistics
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from bench.ballots import YES, schedule, set_unreachable_threshold
from bench.infrastructure import Infrastructure, Process, opened
from bench.load import LoadResult, open_loop, request
from townhall.chassis.db import Database

TIMES: Final = 50
"""Load of the viral task as a multiple of that of all others together."""
QUIET_TASKS: Final = 10
ROUNDS: Final = 3
"""Runs without and with the viral task, alternating; the medians are compared."""
MIN_BALLOTS: Final = 300
"""Ballots per run at least: with fewer, the 99th percentile is a single outlier."""


@dataclass(slots=True)
class TaskLoads:
    """Loads on quiet tasks and on a viral one, of one voting process."""

    process: Process
    db: Database
    tokens: Sequence[str]
    key: str

    async def quiet(self, rate: float, count: int) -> LoadResult:
        """Cast ballots at this rate on several new tasks in turn."""
        tasks = [await schedule(self.db, self.key) for _ in range(QUIET_TASKS)]
        requests = [self._ballot(tasks[number % QUIET_TASKS], number) for number in range(count)]
        return await open_loop([self.process.port], requests, rate)

    async def viral(self, rate: float, count: int) -> LoadResult:
        """Cast ballots at this rate on one new task."""
        task = await schedule(self.db, self.key)
        return await open_loop([self.process.port], [self._ballot(task, number) for number in range(count)], rate)

    def _ballot(self, task: UUID, number: int) -> bytes:
        return request("PUT", f"/votes/{task}/ballot", self.tokens[number % len(self.tokens)], YES)


async def measure(infrastructure: Infrastructure, voters: int, total_rate: float, seconds: float) -> dict[str, Any]:
    """Return p99 on the quiet tasks without and with the viral one, at this total rate of ballots."""
    url = await infrastructure.database("voting")
    rate = max(total_rate / (TIMES + 1), 5.0)
    count = max(int(rate * seconds), MIN_BALLOTS)
    quiet, beside = [], []
    async with opened(url, "voting") as db, AsyncExitStack() as stack:
        await set_unreachable_threshold(db)
        process = await stack.enter_async_context(infrastructure.serving("bench.server", "voting", url))
        loads = TaskLoads(process, db, await infrastructure.tokens(voters), infrastructure.key)
        await loads.quiet(rate, count)  # warm-up
        for _ in range(ROUNDS):
            quiet.append((await loads.quiet(rate, count)).percentile(0.99))
            result, _ = await asyncio.gather(loads.quiet(rate, count), loads.viral(TIMES * rate, TIMES * count))
            beside.append(result.percentile(0.99))
    return {
        "rate_quiet": round(rate, 1),
        "rate_viral": round(TIMES * rate),
        "quiet_p99_ms": round(statistics.median(quiet), 2),
        "beside_viral_p99_ms": round(statistics.median(beside), 2),
    }
