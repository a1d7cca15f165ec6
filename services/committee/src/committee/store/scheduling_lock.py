"""The lock that serialises scheduling.

Every transaction that opens cases, calls, opens or ends a sitting, calls a meeting, or records a decision or an outcome
holds it until its commit, so that no position is assigned twice (C3, C12).
"""

from typing import Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

_ACQUIRE: Final = text("SELECT pg_advisory_xact_lock(hashtextextended('committee.scheduling', 0))")


async def acquire(session: AsyncSession) -> None:
    """Wait for the lock and hold it until the end of the transaction.

    Call it before any row is locked, so that two transactions can't deadlock.
    """
    await session.execute(_ACQUIRE)
