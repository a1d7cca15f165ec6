"""Growth: what ballots cost in a vote that has many already, beside an empty vote in the same tables."""

import asyncio
import statistics
import time
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar
from uuid import UUID

from sqlalchemy import text

from bench.ballots import CALLERS, cost, schedule, set_unreachable_threshold
from bench.infrastructure import Infrastructure, Process, opened
from bench.load import LoadResult, request
from bench.stored_ballots import close_soon, load, vote_of
from townhall.chassis.auth import identity_of
from townhall.chassis.db import Database
from townhall_local.operating.ballot_count import recount

SETTINGS: Final = ("shared_buffers=2GB", "max_wal_size=8GB", "checkpoint_timeout=15min")
"""PostgreSQL's settings as an operator would set them on a machine with 8 GB or more."""
ROUNDS: Final = 2
SLICES: Final = 10
"""Enough that no voter changes the same ballot twice, with up to four sizes."""
DEFAULT: Final = (1.0, 10.0)
"""Million ballots of the votes measured."""
MILLION: Final = 1_000_000
SECONDS: Final = 3.0
"""Length of a load beside which a vote is closed or recounted."""
T = TypeVar("T")

_BYTES = text("""
    SELECT pg_relation_size('current_ballot') AS heap, pg_indexes_size('current_ballot') AS index,
        (SELECT sum(yes + no) FROM tally) AS ballots
""")
_CLOSED = text("SELECT state = 'closed' FROM vote WHERE task_id = :task_id")


@dataclass(slots=True)
class Size:
    """A vote with this many ballots stored, and its figures: step to the figures of each round."""

    stored: int
    task: UUID
    figures: dict[str, list[dict[str, Any]]] = field(default_factory=dict)


@dataclass(slots=True)
class Slices:
    """Tokens of voters, a tenth at a time, from the beginning again after the end."""

    tokens: Sequence[str]
    _number: int = 0

    def __next__(self) -> Sequence[str]:
        """Return the next tenth."""
        length = len(self.tokens) // SLICES
        start = self._number % SLICES * length
        self._number += 1
        return self.tokens[start : start + length]


@dataclass(slots=True)
class GrowthBench:
    """Sends the same steps to votes of different sizes in turn.

    Half of the voters have a yes stored in every vote: repeats, changes and reads are theirs. First ballots are of the
    other half. Each step takes the next slice of its half, so that no token is in voting's cache.
    """

    infrastructure: Infrastructure
    process: Process
    new: "Slices"
    known: "Slices"

    async def measure(self, sizes: Sequence[Size]) -> None:
        """Measure every step on every vote, in several rounds."""
        for number in range(ROUNDS + 1):
            for size in sizes:
                steps = {
                    "first": _ballots(size.task, next(self.new), b'{"choice":"yes"}'),
                    "repeat": _ballots(size.task, next(self.known), b'{"choice":"yes"}'),
                    "change": _ballots(size.task, next(self.known), b'{"choice":"no"}'),
                    "read": [request("GET", f"/votes/{size.task}/ballot", token) for token in next(self.known)],
                }
                for name, requests in steps.items():
                    _, figures = await cost(self.infrastructure, [self.process], requests, CALLERS, seconds=60)
                    if number:  # The first round warms up.
                        size.figures.setdefault(name, []).append(figures)

    async def beside(self, task: UUID, work: Callable[[], Coroutine[Any, Any, T]]) -> tuple[T, dict[str, float]]:
        """Run `work` while ballots are cast on a vote; return its result, and their p99 without and with it."""
        without = await self._load(task)
        running = asyncio.create_task(work())
        with_work = await self._load(task)
        return await running, {
            "p99_without_ms": round(without.percentile(0.99), 2),
            "p99_with_ms": round(with_work.percentile(0.99), 2),
        }

    async def _load(self, task: UUID) -> LoadResult:
        requests = _ballots(task, self.new.tokens, b'{"choice":"yes"}') * 20
        return (await cost(self.infrastructure, [self.process], requests, CALLERS, SECONDS))[0]


def _ballots(task: UUID, tokens: Sequence[str], body: bytes) -> list[bytes]:
    return [request("PUT", f"/votes/{task}/ballot", token, body) for token in tokens]


async def measure(infrastructure: Infrastructure, voters: int, millions: Sequence[float]) -> dict[str, Any]:
    """Return all figures: of an empty vote, and of votes with so many million ballots."""
    url = await infrastructure.database("voting")
    async with opened(url, "voting") as db, infrastructure.serving("bench.server", "voting", url) as process:
        await set_unreachable_threshold(db)
        tokens = await infrastructure.tokens(voters)
        sizes = [await _size(infrastructure, db, voters // 2, each) for each in (0, *sorted(millions))]
        known, new = tokens[: voters // 2], tokens[voters // 2 :]
        bench = GrowthBench(infrastructure, process, Slices(new), Slices(known))
        found: dict[str, Any] = {"bytes_per_ballot": await _bytes(db)}
        await bench.measure(sizes)
        found["sizes"] = [{"stored": size.stored} | _medians(size) for size in sizes]
        beside = await schedule(db, infrastructure.key)
        found["recount"] = await _recounted(bench, db, beside)
        found["closing"] = await _closed(bench, db, sizes[-1].task, beside)
    return found


async def _size(infrastructure: Infrastructure, db: Database, known: int, millions: float) -> Size:
    voters = [identity_of(infrastructure.issuer.url, f"voter-{number}") for number in range(known)]
    task = await vote_of(db, infrastructure.key, voters)
    stored = int(millions * MILLION)
    await load(db, task, stored)
    return Size(stored, task)


async def _bytes(db: Database) -> dict[str, float]:
    async with db.reading() as session:
        row = (await session.execute(_BYTES)).one()
    return {"heap": round(row.heap / row.ballots, 1), "index": round(row.index / row.ballots, 1)}


def _medians(size: Size) -> dict[str, Any]:
    """Return the median rate and CPU time of each step."""
    return {
        name: {
            "per_second": round(statistics.median(each["per_second"] for each in rounds), 1),
            "voting_us": round(statistics.median(each["cpu_us"]["voting"] for each in rounds), 1),
            "postgres_us": round(statistics.median(each["cpu_us"]["postgres"] for each in rounds), 1),
            "accepted": all(each["answers"].keys() == {"200"} for each in rounds),
        }
        for name, rounds in size.figures.items()
    }


async def _recounted(bench: GrowthBench, db: Database, task: UUID) -> dict[str, Any]:
    async def count() -> tuple[float, bool]:
        began = time.perf_counter()
        async with db.reading() as session:
            votes = await recount(session, lambda _done, _total: None)
        return time.perf_counter() - began, all(vote.agrees for vote in votes)

    (seconds, agrees), figures = await bench.beside(task, count)
    return {"seconds": round(seconds, 2), "agrees": agrees} | figures


async def _closed(bench: GrowthBench, db: Database, task: UUID, beside: UUID) -> dict[str, Any]:
    async def close() -> None:
        await close_soon(db, task)

    _, figures = await bench.beside(beside, close)
    async with db.reading() as session:
        return figures | {"closed": bool((await session.execute(_CLOSED, {"task_id": task})).scalar_one())}
