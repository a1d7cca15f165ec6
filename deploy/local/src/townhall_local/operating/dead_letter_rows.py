"""Queries and updates on a service's `dead_letter` table."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from townhall_local.operating.dead_letter_filter import CONDITION, Filter

_COLUMNS = "id, topic, partition, position, key, reason, attempts, status, headers, dead_lettered_at, settled_at"
_LIST = text(f"""
    SELECT {_COLUMNS}, octet_length(value) AS size FROM dead_letter
    WHERE status = ANY(CAST(:statuses AS text[])) AND {CONDITION} AND id > :after ORDER BY id LIMIT :limit
""")  # noqa: S608  constants
_COUNT = text(f"""
    SELECT count(*) FROM dead_letter WHERE status = ANY(CAST(:statuses AS text[])) AND {CONDITION}
""")  # noqa: S608  constants
_BEHIND = text("""
    SELECT count(*) FROM dead_letter AS parked JOIN dead_letter AS this USING (topic, key)
    WHERE this.id = :id AND parked.id > this.id AND parked.reason = 'parked' AND parked.status = 'waiting'
""")
_SHOW = text(f"SELECT {_COLUMNS}, octet_length(value) AS size, value FROM dead_letter WHERE id = :id")  # noqa: S608  constants
_SET_STATUS = text("""
    UPDATE dead_letter SET status = :status, settled_at = CASE WHEN :status = 'dropped' THEN now() END
    WHERE id = ANY(CAST(:ids AS bigint[])) AND status IN ('waiting', 'requeued') RETURNING id
""")
_STATUSES = text("SELECT id, status FROM dead_letter WHERE id = ANY(CAST(:ids AS bigint[]))")

OPEN = ("waiting", "requeued")
SETTLED = ("applied", "dropped")


class DeadLetter(BaseModel):
    """One dead letter, without its body."""

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


async def page(
    session: AsyncSession, chosen: Filter, *, settled: bool, limit: int, after: int
) -> tuple[int, list[DeadLetter]]:
    """Return the number in all, and a page of those after an id, oldest first.

    Of dead letters that are not settled; with `settled`, also of the applied and dropped ones.
    """
    wanted = chosen.parameters | {"statuses": list(OPEN + SETTLED if settled else OPEN)}
    total = (await session.execute(_COUNT, wanted)).scalar_one()
    rows = await session.execute(_LIST, wanted | {"limit": limit, "after": after})
    return total, [DeadLetter.model_validate(dict(row)) for row in rows.mappings()]


async def parked_behind(session: AsyncSession, message_id: int) -> int:
    """Return how many messages of its key wait for this one."""
    return int((await session.execute(_BEHIND, {"id": message_id})).scalar_one())


async def find(session: AsyncSession, message_id: int) -> tuple[DeadLetter, bytes] | None:
    """Return one dead letter and its body, or None."""
    row = (await session.execute(_SHOW, {"id": message_id})).mappings().one_or_none()
    return (DeadLetter.model_validate(dict(row)), bytes(row["value"] or b"")) if row else None


async def statuses(session: AsyncSession, ids: Sequence[int]) -> dict[int, str]:
    """Return the statuses, by id, of those dead letters that exist."""
    return {each.id: each.status for each in await session.execute(_STATUSES, {"ids": list(ids)})}


async def set_status(session: AsyncSession, ids: Sequence[int], status: str) -> set[int]:
    """Set these to `requeued` or `dropped`; return the ids that were not settled yet."""
    return set((await session.execute(_SET_STATUS, {"ids": list(ids), "status": status})).scalars())
