"""One at a time: whoever gives out places or calls, opens or ends something holds the scheduling_lock until the commit."""

from typing import Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

_TAKE: Final = text("SELECT pg_advisory_xact_lock(hashtextextended('committee.scheduling_lock', 0))")


async def take(session: AsyncSession) -> None:
    """Wait for the scheduling_lock. It comes before any row lock, so that nobody waits in a circle (C3, C12)."""
    await session.execute(_TAKE)
