"""Gauges that are read again and again: from the database, and from the process itself."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from sqlalchemy import text

from townhall.chassis.consuming import dead_letters
from townhall.chassis.db import CountingPool, Database
from townhall.chassis.retrying import sleep
from townhall.chassis.telemetry import metrics

INTERVAL: Final = 5.0
"""Seconds between two readings of what needs the database."""
PROCESS_INTERVAL: Final = 0.25
"""Seconds between two readings of the process."""

_OUTBOX = text("""
    SELECT count(*), coalesce(extract(epoch FROM now() - min(announced_at)), 0)::float
    FROM outbox WHERE sent_at IS NULL
""")
_CLOCK = text("SELECT extract(epoch FROM clock_timestamp())::float")

Checks = Callable[[], Awaitable[Mapping[str, bool]]]


async def watch(db: Database) -> None:
    """Set the gauges of outbox, dead letters and clock until cancelled; raises if the database is away."""
    while True:
        async with db.reading() as session:
            pending, age = (await session.execute(_OUTBOX)).one()
            waiting = await dead_letters.waiting(session)
            before = time.time()  # noqa: TID251  a measurement, not a rule
            database_time = (await session.execute(_CLOCK)).scalar_one()
            after = time.time()  # noqa: TID251  a measurement, not a rule
        metrics.OUTBOX_PENDING.set(pending)
        metrics.OUTBOX_OLDEST.set(age)
        metrics.DEAD_LETTERS_WAITING.set(waiting)
        metrics.CLOCK_SKEW.set((before + after) / 2 - database_time)
        await sleep(INTERVAL)


async def watch_readiness(checks: Checks, *, every: float = INTERVAL) -> None:
    """Set the gauge of each check of readiness until cancelled."""
    while True:
        for name, passes in (await checks()).items():
            metrics.READINESS.labels(name).set(passes)
        await sleep(every)


async def watch_process(db: Database) -> None:
    """Measure the event loop and the connection pool until cancelled."""
    loop = asyncio.get_running_loop()
    while True:
        due = loop.time() + PROCESS_INTERVAL
        await sleep(PROCESS_INTERVAL)
        metrics.LOOP_LAG.observe(max(loop.time() - due, 0.0))
        pool = db.engine.pool
        if isinstance(pool, CountingPool):
            metrics.DATABASE_POOL_SIZE.set(pool.size())
            metrics.DATABASE_IN_USE.set(pool.checkedout())
            metrics.DATABASE_WAITING.set(pool.waiting)
