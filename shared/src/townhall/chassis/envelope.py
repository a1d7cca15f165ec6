"""CloudEvents 1.0 in Kafka's binary mode: attributes as `ce_*` headers, the event as the JSON body."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from pydantic import ValidationError

from townhall.contracts import CATALOGUE, Event, ReceivedEvent

CONTENT_TYPE: Final = "application/json"


class Unreadable(Exception):
    """The message is no event of this platform, now or ever. `reason` is a code, never a part of the message."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Envelope:
    """The CloudEvents attributes of an event, parsed from its headers."""

    id: UUID
    type: str
    source: str
    version: int
    at: datetime
    traceparent: str | None


def event_headers(
    source: str, event: Event, *, event_id: UUID, version: int, at: datetime, traceparent: str
) -> dict[str, str]:
    """Return the Kafka headers of an event (CloudEvents 1.0.2, Kafka Protocol Binding 3.2)."""
    return {
        "content-type": CONTENT_TYPE,
        "ce_specversion": "1.0",
        "ce_id": str(event_id),
        "ce_source": f"townhall/{source}",
        "ce_type": event.TYPE,
        "ce_subject": event.key,
        "ce_time": at.isoformat(),
        "ce_sequence": str(version),
        "ce_dataschema": f"schemas/{event.TYPE}.json",
        "traceparent": traceparent,
    }


def header_texts(headers: Iterable[tuple[str, bytes | None]]) -> dict[str, str]:
    """Return the headers as text, without NUL, which PostgreSQL can't store.

    Null values, legal in Kafka, become empty; values that are not UTF-8 are left out.
    """
    found: dict[str, str] = {}
    for name, value in headers:
        try:
            found[name.replace("\0", "")] = (value or b"").decode().replace("\0", "")
        except UnicodeDecodeError:
            continue
    return found


def parse_headers(headers: Mapping[str, str]) -> Envelope:
    """Parse the attributes; raises `Unreadable` if they are not a CloudEvent of this platform."""
    try:
        return Envelope(
            id=UUID(headers["ce_id"]),
            type=headers["ce_type"],
            source=headers["ce_source"].removeprefix("townhall/"),
            version=int(headers["ce_sequence"]),
            at=datetime.fromisoformat(headers["ce_time"]),
            traceparent=headers.get("traceparent"),
        )
    except (KeyError, ValueError) as error:
        raise Unreadable("bad-envelope") from error


def parse_event(envelope: Envelope, body: bytes | None) -> ReceivedEvent[Event]:
    """Parse the event itself; raises `Unreadable` if the body doesn't match. The type must be in the catalogue."""
    try:
        event = CATALOGUE[envelope.type].model_validate_json(body or b"")
    except ValidationError as error:
        raise Unreadable("bad-body") from error
    return ReceivedEvent(id=envelope.id, source=envelope.source, version=envelope.version, at=envelope.at, event=event)
