"""Announcing: events become rows of the outbox, in the transaction of their cause.

Every key has a *stream*: its events have the versions 1, 2, 3 …. The row of the stream stays locked until the commit,
so within a key the order of ids is the order of commits, whatever the handlers locked themselves.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import uuid4

from pydantic_core import to_json
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from townhall.chassis.envelope import event_headers
from townhall.contracts import Event

LARGEST: Final = 256 * 1024
"""Bytes of the largest event that may be announced; far below the limit of a broker."""

CHANNEL: Final = "outbox"
"""The PostgreSQL channel that is notified at a commit. A hint only: the relay polls as well."""

_ADVANCE = text("""
    INSERT INTO stream (key, version)
    SELECT key, events FROM unnest(CAST(:keys AS text[]), CAST(:counts AS bigint[])) AS new (key, events)
    ON CONFLICT (key) DO UPDATE SET version = stream.version + EXCLUDED.version
    RETURNING key, version
""")
# One statement for any number of events. Ids rise in the order of the arrays; PostgreSQL notifies at the commit.
_STORE = text("""
    WITH stored AS (
        INSERT INTO outbox (topic, key, event_id, headers, payload, announced_at)
        SELECT topic, key, event_id, CAST(headers AS jsonb), payload, :at
        FROM unnest(
            CAST(:topic AS text[]), CAST(:key AS text[]), CAST(:event_id AS uuid[]),
            CAST(:headers AS text[]), CAST(:payload AS bytea[])
        ) WITH ORDINALITY AS new (topic, key, event_id, headers, payload, position)
        ORDER BY position
    )
    SELECT pg_notify(:channel, '')
""")
_COLUMNS: Final = ("topic", "key", "event_id", "headers", "payload")
_NOTIFY = text("SELECT pg_notify(:channel, '')")


@dataclass(frozen=True, slots=True)
class Announcement:
    """An event to be stored, with the trace of its cause."""

    event: Event
    traceparent: str


@dataclass(frozen=True, slots=True)
class Record:
    """A Kafka record to be stored and published unchanged."""

    topic: str
    key: str | None
    headers: Mapping[str, str]
    value: bytes
    at: datetime


class EventTooLarge(Exception):
    """An event is larger than `LARGEST`. The transaction that announced it is rolled back."""


async def write(session: AsyncSession, public_url: str, announced: Sequence[Announcement], at: datetime) -> None:
    """Store the events in order, each with the next version of its key; raises `EventTooLarge`.

    `public_url` is the base of their `ce_dataschema`.
    """
    if not announced:
        return
    versions = await _advance(session, [each.event.key for each in announced])
    await _store(
        session, [_row(public_url, each, version, at) for each, version in zip(announced, versions, strict=True)], at
    )


async def _advance(session: AsyncSession, keys: Sequence[str]) -> list[int]:
    """Lock each key's stream, in one order for all transactions, and return the version of each event."""
    counts = sorted(Counter(keys).items())
    found = await session.execute(_ADVANCE, {"keys": [key for key, _ in counts], "counts": [n for _, n in counts]})
    last_versions = {row.key: int(row.version) for row in found}
    before = {key: last_versions[key] - count for key, count in counts}
    return list(_numbered(keys, before))


def _numbered(keys: Sequence[str], last: dict[str, int]) -> Iterator[int]:
    for key in keys:
        last[key] += 1
        yield last[key]


def _row(public_url: str, announced: Announcement, version: int, at: datetime) -> dict[str, Any]:
    event = announced.event
    payload = event.model_dump_json().encode()
    if len(payload) > LARGEST:
        raise EventTooLarge
    event_id = uuid4()
    headers = event_headers(
        public_url, event, event_id=event_id, version=version, at=at, traceparent=announced.traceparent
    )
    return {
        "topic": event.TOPIC,
        "key": event.key,
        "event_id": event_id,
        "headers": to_json(headers).decode(),
        "payload": payload,
    }


async def write_record(session: AsyncSession, record: Record) -> None:
    """Store a record that is no event of this service, such as the copy of a dead letter."""
    row = {
        "topic": record.topic,
        "key": record.key,
        "event_id": uuid4(),
        "headers": to_json(dict(record.headers)).decode(),
        "payload": record.value,
    }
    await _store(session, [row], record.at)


async def _store(session: AsyncSession, rows: Sequence[Mapping[str, Any]], at: datetime) -> None:
    columns = {name: [row[name] for row in rows] for name in _COLUMNS}
    await session.execute(_STORE, {**columns, "at": at, "channel": CHANNEL})


async def refill(session: AsyncSession) -> int:
    """Mark every row as unsent, so that the relay publishes all events again; return how many."""
    result = await session.execute(text("UPDATE outbox SET sent_at = NULL WHERE sent_at IS NOT NULL RETURNING id"))
    await session.execute(_NOTIFY, {"channel": CHANNEL})
    return len(result.all())
