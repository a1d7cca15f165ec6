"""The identity of a service's database, after which its consumer group is named."""

from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

_CURRENT = text("SELECT id FROM incarnation")
_RENEW = text("UPDATE incarnation SET id = gen_random_uuid(), since = now() RETURNING id")


async def current(session: AsyncSession) -> UUID:
    """Return the id made when this database was created or `renew` was called.

    It is part of the consumer group's name, so that a service on a new database reads every topic from the beginning.
    """
    found: UUID = (await session.execute(_CURRENT)).scalar_one()
    return found


async def renew(session: AsyncSession) -> UUID:
    """Change the identity: from the next start every topic is read again, and the inbox discards the repeats."""
    found: UUID = (await session.execute(_RENEW)).scalar_one()
    return found
