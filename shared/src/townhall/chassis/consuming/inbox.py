"""The inbox: which events have had their effect. Written in the transaction of the effect."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

_TAKE = text("""
    INSERT INTO inbox (event_id) SELECT DISTINCT unnest(CAST(:ids AS uuid[])) ORDER BY 1
    ON CONFLICT DO NOTHING RETURNING event_id
""")
_INCARNATION = text("SELECT id FROM incarnation")
_REINCARNATE = text("UPDATE incarnation SET id = gen_random_uuid(), since = now() RETURNING id")


async def take(session: AsyncSession, ids: Sequence[UUID]) -> set[UUID]:
    """Claim events for this transaction; return those nobody took before.

    A claim that another transaction holds is waited for: it commits, and the event is a repeat, or it doesn't, and
    the event is ours. They are claimed in one order by all, so that nobody waits in a circle.
    """
    return set((await session.execute(_TAKE, {"ids": list(ids)})).scalars())


async def incarnation(session: AsyncSession) -> UUID:
    """Return the name of this database's life. The consumer group is called after it.

    So an emptied database, being a new one, hears every topic from the beginning and rebuilds what it knows.
    """
    found: UUID = (await session.execute(_INCARNATION)).scalar_one()
    return found


async def reincarnate(session: AsyncSession) -> UUID:
    """Begin a new life: the next start hears every topic from the beginning; repeats change nothing."""
    found: UUID = (await session.execute(_REINCARNATE)).scalar_one()
    return found
