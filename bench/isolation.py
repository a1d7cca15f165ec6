"""One task going viral: how long ballots on other tasks take beside it, against a quiet run."""

import asyncio
import statistics
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from bench.ballots import YES, never_crossing, schedule
from bench.infrastructure import Infrastructure, Process, opened
from bench.load import Seen, paced, request
from townhall.chassis.db import Database

TIMES: Final = 50
"""The viral task's load, as a multiple of what all others have together."""
QUIET_TASKS: Final = 10
ROUNDS: Final = 3
"""Quiet and beside, in turn; the medians are compared."""
LEAST: Final = 300
"""Ballots of a percentile: of fewer, the 99th is whatever the slowest but one met."""


@dataclass(slots=True)
class Street:
    """Quiet tasks and a viral one, on a process of voting."""

    process: Process
    db: Database
    tokens: Sequence[str]
    key: str

    async def quiet(self, rate: float, many: int) -> Seen:
        """Vote at this rate on new tasks in turn."""
        tasks = [await schedule(self.db, self.key) for _ in range(QUIET_TASKS)]
        requests = [self._ballot(tasks[number % QUIET_TASKS], number) for number in range(many)]
        return await paced([self.process.port], requests, rate)

    async def viral(self, rate: float, many: int) -> Seen:
        """Vote at this rate on one new task."""
        task = await schedule(self.db, self.key)
        return await paced([self.process.port], [self._ballot(task, number) for number in range(many)], rate)

    def _ballot(self, task: UUID, number: int) -> bytes:
        return request("PUT", f"/votes/{task}/ballot", self.tokens[number % len(self.tokens)], YES)


async def measure(infrastructure: Infrastructure, voters: int, in_all: float, seconds: float) -> dict[str, Any]:
    """Return p99 on the quiet tasks alone and beside the viral one, at this rate of ballots in all."""
    url = await infrastructure.database("voting")
    rate = max(in_all / (TIMES + 1), 5.0)
    many = max(int(rate * seconds), LEAST)
    quiet, beside = [], []
    async with opened(url, "voting") as db, AsyncExitStack() as stack:
        await never_crossing(db)
        process = await stack.enter_async_context(infrastructure.serving("bench.server", "voting", url))
        street = Street(process, db, await infrastructure.tokens(voters), infrastructure.key)
        await street.quiet(rate, many)  # Warms it up.
        for _ in range(ROUNDS):
            quiet.append((await street.quiet(rate, many)).percentile(0.99))
            seen, _ = await asyncio.gather(street.quiet(rate, many), street.viral(TIMES * rate, TIMES * many))
            beside.append(seen.percentile(0.99))
    return {
        "rate_quiet": round(rate, 1),
        "rate_viral": round(TIMES * rate),
        "quiet_p99_ms": round(statistics.median(quiet), 2),
        "beside_viral_p99_ms": round(statistics.median(beside), 2),
    }
