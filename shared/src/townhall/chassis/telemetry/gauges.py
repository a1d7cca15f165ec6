"""Gauges read from the database: how much waits in the outbox, and how many dead letters."""

from typing import Final

from sqlalchemy import text

from townhall.chassis.consuming import dead_letters
from townhall.chassis.db import Database
from townhall.chassis.retrying import sleep
from townhall.chassis.telemetry import metrics

INTERVAL: Final = 5.0
"""Seconds between two readings."""

_OUTBOX = text("""
    SELECT count(*), coalesce(extract(epoch FROM now() - min(announced_at)), 0)::float
    FROM outbox WHERE sent_at IS NULL
""")


async def watch(db: Database) -> None:
    """Set the gauges until cancelled; raises if the database is away."""
    while True:
        async with db.reading() as session:
            pending, age = (await session.execute(_OUTBOX)).one()
            waiting = await dead_letters.waiting(session)
        metrics.OUTBOX_PENDING.set(pending)
        metrics.OUTBOX_OLDEST.set(age)
        metrics.DEAD_LETTERS_WAITING.set(waiting)
        await sleep(INTERVAL)
