"""Delivering events to a service without a broker."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from itertools import count
from typing import Final
from uuid import uuid4

from sqlalchemy import text

from townhall.chassis.consuming import Message, Processor, Subscription
from townhall.chassis.db import Database
from townhall.chassis.envelope import event_headers
from townhall.chassis.telemetry import tracing
from townhall.contracts import Event

PUBLIC_URL: Final = "https://townhall.example"
"""The public URL of the services whose events are delivered."""
_POSITIONS: Final = count()
_VERSIONS: Final[Counter[tuple[str, str]]] = Counter()


async def deliver_events(db: Database, subscriptions: Sequence[Subscription], *events: Event) -> list[Message]:
    """Deliver events as one batch, in this order; return the messages, so that a test can deliver them again."""
    async with db.reading() as session:
        now = (await session.execute(text("SELECT now()"))).scalar_one()
    messages = [message_of(event, now) for event in events]
    await deliver_messages(db, subscriptions, messages)
    return messages


async def deliver_messages(db: Database, subscriptions: Sequence[Subscription], messages: Sequence[Message]) -> None:
    """Deliver messages to a service as one batch."""
    await Processor(db, subscriptions).process(messages)


def message_of(event: Event, at: datetime) -> Message:
    """Return the event as a message of its topic, with the next version of its key."""
    _VERSIONS[event.TOPIC, event.key] += 1
    version = _VERSIONS[event.TOPIC, event.key]
    headers = event_headers(
        PUBLIC_URL, event, event_id=uuid4(), version=version, at=at, traceparent=tracing.new_traceparent()
    )
    return Message(event.TOPIC, 0, next(_POSITIONS), event.key, headers, event.model_dump_json().encode())
