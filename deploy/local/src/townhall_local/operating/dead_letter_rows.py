"""Messages a service could not take, as an operator sees and decides them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

_COLUMNS = "id, topic, partition, position, key, reason, attempts, status, headers, dead_lettered_at, settled_at"
_LIST = text(f"""
    SELECT {_COLUMNS}, octet_length(value) AS size FROM dead_letter
    WHERE status = ANY(CAST(:statuses AS text[])) AND id > :after ORDER BY id LIMIT :limit
""")  # noqa: S608  constants
_SHOW = text(f"SELECT {_COLUMNS}, octet_length(value) AS size, value FROM dead_letter WHERE id = :id")  # noqa: S608  constants
_DECIDE = text("""
    UPDATE dead_letter SET status = :status, settled_at = CASE WHEN :status = 'dropped' THEN now() END
    WHERE id = ANY(CAST(:ids AS bigint[])) AND status IN ('waiting', 'requeued') RETURNING id
""")
_CAUSES = text("SELECT id FROM dead_letter WHERE status = 'waiting' AND reason <> 'parked' ORDER BY id")

OPEN = ("waiting", "requeued")
SETTLED = ("applied", "dropped")


class DeadLetter(BaseModel):
    """One message, without its body."""

    model_config = ConfigDict(extra="ignore")

    id: int
    topic: str
    partition: int
    position: int
    key: str | None
    reason: str
    attempts: int
    status: str
    headers: dict[str, Any]
    dead_lettered_at: datetime
    settled_at: datetime | None
    size: int | None


async def listed(session: AsyncSession, *, settled: bool, limit: int, after: int = 0) -> list[DeadLetter]:
    """Return the messages that wait, oldest first, and the settled ones when asked for."""
    statuses = OPEN + SETTLED if settled else OPEN
    rows = await session.execute(_LIST, {"statuses": list(statuses), "limit": limit, "after": after})
    return [DeadLetter.model_validate(dict(row)) for row in rows.mappings()]


async def shown(session: AsyncSession, message_id: int) -> tuple[DeadLetter, bytes] | None:
    """Return one message and its body."""
    row = (await session.execute(_SHOW, {"id": message_id})).mappings().one_or_none()
    return (DeadLetter.model_validate(dict(row)), bytes(row["value"] or b"")) if row else None


async def causes(session: AsyncSession) -> list[int]:
    """Return which messages wait for a decision. Those behind one of them go on by themselves."""
    return list((await session.execute(_CAUSES)).scalars())


async def decide(session: AsyncSession, ids: Sequence[int], status: str) -> set[int]:
    """Requeue or drop these messages; return which of them were still open."""
    return set((await session.execute(_DECIDE, {"ids": list(ids), "status": status})).scalars())
