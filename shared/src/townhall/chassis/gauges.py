"""What only the database can tell operators: how much waits in the outbox and aside."""

from typing import Final

from sqlalchemy import text

from townhall.chassis import metrics
from townhall.chassis.consuming import dead_letters
from townhall.chassis.db import Database
from townhall.chassis.waiting import rest

EVERY: Final = 5.0
"""Seconds between two looks."""

_OUTBOX = text("""
    SELECT count(*), coalesce(extract(epoch FROM now() - min(announced_at)), 0)::float
    FROM outbox WHERE sent_at IS NULL
""")


async def watch(db: Database) -> None:
    """Publish the gauges for ever."""
    while True:
        async with db.reading() as session:
            pending, age = (await session.execute(_OUTBOX)).one()
            waiting = await dead_letters.causes(session)
        metrics.OUTBOX_PENDING.set(pending)
        metrics.OUTBOX_OLDEST.set(age)
        metrics.DEAD_LETTERS_WAITING.set(waiting)
        await rest(EVERY)
