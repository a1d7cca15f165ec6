"""Messages set aside: kept with reason and original bytes until an operator requeues or drops them.

A message set aside holds its key: later messages of the key wait *behind* it, in the order of ids.
"""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import RowMapping, text
from sqlalchemy.ext.asyncio import AsyncSession

from townhall.chassis.consuming.message import Message

PARKED: Final = "parked"
"""The reason of a message that only waits for an earlier one of its key."""

_INSERT = text("""
    INSERT INTO dead_letter (topic, partition, position, digest, key, reason, attempts, headers, value)
    VALUES (:topic, :partition, :position, :digest, :key, :reason, :attempts, CAST(:headers AS jsonb), :value)
    ON CONFLICT ON CONSTRAINT one_row_per_message DO NOTHING RETURNING id
""")
_HELD = text("""
    SELECT DISTINCT topic, key FROM dead_letter
    WHERE status IN ('waiting', 'requeued') AND key = ANY(CAST(:keys AS text[]))
""")
_CAUSES = text("SELECT count(*) FROM dead_letter WHERE status = 'waiting' AND reason <> 'parked'")
_NEXT = text("""
    SELECT id, topic, partition, position, key, headers, value FROM dead_letter AS this
    WHERE (status = 'requeued' OR (status = 'waiting' AND reason = 'parked'))
      AND NOT EXISTS (
        SELECT FROM dead_letter AS earlier
        WHERE earlier.topic = this.topic AND earlier.key = this.key AND earlier.id < this.id
          AND earlier.status IN ('waiting', 'requeued'))
    ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED
""")
_SETTLE = text("UPDATE dead_letter SET status = :status, settled_at = now() WHERE id = :id")
_AGAIN = text("""
    UPDATE dead_letter SET status = 'waiting', reason = :reason, attempts = attempts + 1 WHERE id = :id
""")


@dataclass(frozen=True, slots=True)
class Waiting:
    """A message of the aside whose turn has come."""

    id: int
    message: Message


async def put(session: AsyncSession, message: Message, reason: str, attempts: int = 1) -> bool:
    """Set a message aside; return whether it was new here."""
    values: dict[str, Any] = {
        "topic": message.topic,
        "partition": message.partition,
        "position": message.position,
        "digest": message.digest,
        "key": message.key,
        "reason": reason,
        "attempts": attempts,
        "headers": json.dumps(dict(message.headers)),
        "value": message.value,
    }
    return (await session.execute(_INSERT, values)).first() is not None


async def held(session: AsyncSession, keys: list[str]) -> set[tuple[str, str]]:
    """Return which of these keys have a message aside, by topic."""
    found = await session.execute(_HELD, {"keys": keys})
    return {(row.topic, row.key) for row in found}


async def causes(session: AsyncSession) -> int:
    """Return how many messages wait for an operator; those that only wait behind one don't count."""
    return int((await session.execute(_CAUSES)).scalar_one())


async def due(session: AsyncSession) -> Waiting | None:
    """Lock and return the next message to try again: requeued, or behind nothing any more."""
    row = (await session.execute(_NEXT)).mappings().one_or_none()
    return Waiting(row["id"], _message(row)) if row else None


async def applied(session: AsyncSession, row_id: int) -> None:
    """Note that the message has had its effect."""
    await session.execute(_SETTLE, {"id": row_id, "status": "applied"})


async def failed_again(session: AsyncSession, row_id: int, reason: str) -> None:
    """Note that the message failed once more; it waits for an operator."""
    await session.execute(_AGAIN, {"id": row_id, "reason": reason})


def _message(row: RowMapping) -> Message:
    return Message(row["topic"], row["partition"], row["position"], row["key"], row["headers"], row["value"])


def summary(message: Message, reason: str, at: datetime) -> dict[str, str]:
    """Return the headers of the copy on the aside topic: the original ones and why it is there."""
    return dict(message.headers) | {
        "dead_letter_reason": reason,
        "dead_letter_topic": message.topic,
        "dead_letter_partition": str(message.partition),
        "dead_letter_offset": str(message.position),
        "dead_letter_at": at.isoformat(),
    }
