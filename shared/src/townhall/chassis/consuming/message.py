"""A Kafka record as a service sees it, the events a service subscribes to, and how one becomes the other."""

import hashlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from aiokafka import ConsumerRecord

from townhall.chassis.consuming.contract import belongs_to, may_be_newer, parse_event, parse_headers
from townhall.chassis.db import Transaction
from townhall.chassis.envelope import header_texts
from townhall.contracts import CATALOGUE, Event, ReceivedEvent

Handler: TypeAlias = Callable[[Transaction, Sequence[ReceivedEvent[Any]]], Awaitable[None]]
"""Applies events in the transaction that also writes them into the inbox.

It gets one or more events in the order they were delivered, none of them twice; several may be about one key. If it
raises, the transaction is rolled back, and it is called again for each event by itself.
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

    @classmethod
    def of(cls, record: "ConsumerRecord[Any, Any]", prefix: str) -> "Message":
        """Convert a record without judging it: null, binary and repeated headers are legal in Kafka."""
        return cls(
            topic=record.topic.removeprefix(prefix),
            partition=record.partition,
            position=record.offset,
            key=_key(record.key),
            headers=header_texts(record.headers),
            value=record.value,
        )

    @property
    def type(self) -> str:
        """CloudEvents `type`; empty if the header is missing."""
        return self.headers.get("ce_type", "")

    @property
    def labels(self) -> tuple[str, str]:
        """Topic and type for metrics; the type is `unknown` unless it is in the catalogue: labels are a closed set."""
        return self.topic, self.type if self.type in CATALOGUE else "unknown"

    @property
    def digest(self) -> bytes:
        """SHA-256 of the body: tells it from another message at the same offset of a topic that was made anew."""
        return hashlib.sha256(self.value or b"").digest()


@dataclass(frozen=True, slots=True)
class DecodedMessage:
    """A readable message, and the handler of its event."""

    message: Message
    received: ReceivedEvent[Event]
    traceparent: str | None
    handler: Handler


class Decoder:
    """Decodes Kafka messages into the event classes that one service subscribes to; raises `InvalidMessage`."""

    def __init__(self, subscriptions: Sequence[Subscription]) -> None:
        self._handlers = {
            (each.topic, kind.TYPE): handler for each in subscriptions for kind, handler in each.consumes.items()
        }

    def handles(self, message: Message) -> bool:
        """Return whether the service acts on the message, or must not ignore it.

        Types it has no handler for are ignored, and so are those that the topic's owner may have added since. A message
        without a type, or with one of another topic, is invalid.
        """
        topic, type_ = message.topic, message.type
        return (topic, type_) in self._handlers or not (belongs_to(topic, type_) or may_be_newer(topic, type_))

    def decode(self, message: Message) -> DecodedMessage:
        """Parse and check headers, body and key; raises `InvalidMessage`."""
        envelope = parse_headers(message.topic, message.headers)
        handler = self._handlers[message.topic, envelope.type]
        return DecodedMessage(message, parse_event(envelope, message.key, message.value), envelope.traceparent, handler)


def _key(raw: bytes | None) -> str | None:
    """Return the key as PostgreSQL can store it: NUL becomes the replacement character, what isn't UTF-8 None."""
    try:
        return raw.decode().replace("\0", "\ufffd") if raw is not None else None
    except UnicodeDecodeError:
        return None
