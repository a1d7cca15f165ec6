"""A message as the bus gave it, and what a service wants of a topic."""

import hashlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from aiokafka import ConsumerRecord

from townhall.chassis.db import Transaction
from townhall.chassis.envelope import texts
from townhall.contracts import Event, ReceivedEvent

Handler = Callable[[Transaction, Sequence[ReceivedEvent[Any]]], Awaitable[None]]
"""Applies events inside the transaction that also takes them into the inbox.

It is given one or more, in the order they were delivered, and never the same twice; several may be about one key. When
it raises, nothing has happened, and it is given each of them alone.
"""


@dataclass(frozen=True, slots=True)
class Subscription:
    """The events of one topic a service acts on. All others on it are counted and ignored."""

    topic: str
    consumes: Mapping[type[Event], Handler]


@dataclass(frozen=True, slots=True)
class Message:
    """One record of a topic, readable or not."""

    topic: str
    """The topic's name without the platform's prefix."""
    partition: int
    position: int
    """Kafka's offset."""
    key: str | None
    headers: Mapping[str, str]
    value: bytes | None

    @property
    def type(self) -> str:
        """CloudEvents `type`, or nothing when the message doesn't say."""
        return self.headers.get("ce_type", "")

    @property
    def digest(self) -> bytes:
        """Tells a message from another at the same place of an emptied and refilled topic."""
        return hashlib.sha256(self.value or b"").digest()


def received(record: "ConsumerRecord[Any, Any]", prefix: str) -> Message:
    """Read a record without judging it: null, odd and repeated headers are legal in Kafka."""
    return Message(
        topic=record.topic.removeprefix(prefix),
        partition=record.partition,
        position=record.offset,
        key=_key(record.key),
        headers=texts(record.headers),
        value=record.value,
    )


def _key(raw: bytes | None) -> str | None:
    """Return the key as PostgreSQL can hold it. Two keys that differ in NULs alone would wait for each other."""
    try:
        return raw.decode().replace("\0", "") if raw is not None else None
    except UnicodeDecodeError:
        return None
