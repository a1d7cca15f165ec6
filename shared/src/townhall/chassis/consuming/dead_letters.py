"""Dead letters: messages that could not be applied, kept with reason and bytes until an operator settles them.

An open dead letter holds its key: later messages of the key are *parked* behind it, in the order of row ids.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, Final

from sqlalchemy import RowMapping, text
from sqlalchemy.ext.asyncio import AsyncSession
from structlog import get_logger

from townhall.chassis import outbox
from townhall.chassis.broker import LARGEST_BATCH, dead_letter_topic
from townhall.chassis.consuming.contract import Reason
from townhall.chassis.consuming.message import Message
from townhall.chassis.db import Transaction
from townhall.chassis.telemetry import metrics

PARKED: Final = "parked"
"""The reason of a message that only waits for an earlier one of its key."""
MAX_WAITING: Final = 100
"""Dead letters waiting for an operator at which consuming stops: by then the service is at fault, not the messages."""

_REASONS: Final = frozenset(Reason)

_INSERT = text("""
    INSERT INTO dead_letter (topic, partition, position, digest, key, reason, attempts, claimed, headers, value)
    VALUES (:topic, :partition, :position, :digest, :key, :reason, :attempts, :claimed, CAST(:headers AS jsonb), :value)
    ON CONFLICT ON CONSTRAINT one_row_per_message DO NOTHING RETURNING id
""")
_HELD_KEYS = text("""
    SELECT DISTINCT topic, key FROM dead_letter
    WHERE status IN ('waiting', 'requeued') AND key = ANY(CAST(:keys AS text[]))
""")
_WAITING = text("SELECT count(*) FROM dead_letter WHERE status = 'waiting' AND reason <> 'parked'")
_NEXT = text("""
    SELECT id, claimed, topic, partition, position, key, headers, value FROM dead_letter AS this
    WHERE (status = 'requeued' OR (status = 'waiting' AND reason = 'parked'))
      AND NOT EXISTS (
        SELECT FROM dead_letter AS earlier
        WHERE earlier.topic = this.topic AND earlier.key = this.key AND earlier.id < this.id
          AND earlier.status IN ('waiting', 'requeued'))
    ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED
""")
_APPLIED = text("UPDATE dead_letter SET status = 'applied', settled_at = now() WHERE id = :id")
_FAILED_AGAIN = text("""
    UPDATE dead_letter SET status = 'waiting', reason = :reason, attempts = attempts + 1 WHERE id = :id
""")

log = get_logger()


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A stored message with its row id."""

    id: int
    claimed: bool
    """Whether its event id is in the inbox on behalf of this row: it is applied although the id is known there."""
    message: Message


async def add(
    session: AsyncSession, message: Message, reason: str, attempts: int = 1, *, claimed: bool = False
) -> bool:
    """Store a message; return False if it was stored before."""
    values: dict[str, Any] = {
        "topic": message.topic,
        "partition": message.partition,
        "position": message.position,
        "digest": message.digest,
        "key": message.key,
        "reason": reason,
        "attempts": attempts,
        "claimed": claimed,
        "headers": json.dumps(dict(message.headers)),
        "value": message.value,
    }
    return (await session.execute(_INSERT, values)).first() is not None


async def store(tx: Transaction, service: str, message: Message, reason: str, *, attempts: int, claimed: bool) -> None:
    """Store a message with its copy for the dead-letter topic, and report it after the commit.

    `reason` is one of `Reason`, or the type of the error its handler raised.
    """
    if await add(tx.session, message, reason, attempts, claimed=claimed):
        await outbox.write_record(tx.session, _copy(service, message, reason, tx.now))
        tx.on_commit(partial(_report, message, reason, attempts))


def _report(message: Message, reason: str, attempts: int) -> None:
    topic, type_ = message.labels
    log.error("event_dead_lettered", topic=topic, event_type=type_, reason=reason, attempts=attempts)
    metrics.DEAD_LETTERS.labels(topic, reason if reason in _REASONS else Reason.HANDLER).inc()
    metrics.consumed(message.labels, "dead-letter")


async def held_keys(session: AsyncSession, keys: list[str]) -> set[tuple[str, str]]:
    """Return topic and key of each of these keys that has an open dead letter."""
    found = await session.execute(_HELD_KEYS, {"keys": keys})
    return {(row.topic, row.key) for row in found}


async def waiting(session: AsyncSession) -> int:
    """Return how many dead letters wait for an operator, parked messages not counted."""
    return int((await session.execute(_WAITING)).scalar_one())


async def next_due(session: AsyncSession) -> DeadLetter | None:
    """Lock and return the next message to try again: requeued, or parked behind nothing any more."""
    row = (await session.execute(_NEXT)).mappings().one_or_none()
    return DeadLetter(row["id"], row["claimed"], _message(row)) if row else None


async def mark_applied(session: AsyncSession, row_id: int) -> None:
    """Settle a message that has had its effect or was refused."""
    await session.execute(_APPLIED, {"id": row_id})


async def mark_failed_again(session: AsyncSession, row_id: int, reason: str) -> None:
    """Let a requeued message that failed wait for an operator again."""
    await session.execute(_FAILED_AGAIN, {"id": row_id, "reason": reason})


def _copy(service: str, message: Message, reason: str, at: datetime) -> outbox.Record:
    """Return the copy for the dead-letter topic, without the body if the broker might refuse it for its size."""
    value = message.value or b""
    fits = len(value) <= LARGEST_BATCH // 2
    headers = _copy_headers(message, reason, at)
    return outbox.Record(dead_letter_topic(service), message.key, headers, value if fits else b"", at)


def _copy_headers(message: Message, reason: str, at: datetime) -> Mapping[str, str]:
    """Return the original headers and those that say where the message came from and why it is a dead letter."""
    return dict(message.headers) | {
        "dead_letter_reason": reason,
        "dead_letter_topic": message.topic,
        "dead_letter_partition": str(message.partition),
        "dead_letter_offset": str(message.position),
        "dead_letter_at": at.isoformat(),
    }


def _message(row: RowMapping) -> Message:
    return Message(row["topic"], row["partition"], row["position"], row["key"], row["headers"], row["value"])
