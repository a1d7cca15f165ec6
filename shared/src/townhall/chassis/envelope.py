"""CloudEvents 1.0 in Kafka's binary mode: attributes as `ce_*` headers, the event as the JSON body."""

from collections.abc import Iterable
from datetime import datetime
from typing import Final
from uuid import UUID

from townhall.contracts import Event

CONTENT_TYPE: Final = "application/json"
SPEC_VERSION: Final = "1.0"
SEQUENCE_DIGITS: Final = 20
"""Digits of `ce_sequence`, zero-padded: readers of the CloudEvents extension compare it as text."""
SCHEMAS: Final = "/schemas"
"""The path, below a service's public URL, of the schemas of the events it announces."""


def source_of(topic: str) -> str:
    """Return the `ce_source` of every event on a topic: the service that owns it."""
    return f"townhall/{topic.split('.')[1]}"


def schema_path(type_: str) -> str:
    """Return the path of the JSON schema of an event type, below the public URL of the service that announces it."""
    return f"{SCHEMAS}/{type_}.json"


def event_headers(
    public_url: str, event: Event, *, event_id: UUID, version: int, at: datetime, traceparent: str
) -> dict[str, str]:
    """Return the Kafka headers of an event (CloudEvents 1.0.2, Kafka Protocol Binding 3.2).

    `public_url` is that of the service that announces the event, without a trailing slash.
    """
    return {
        "content-type": CONTENT_TYPE,
        "ce_specversion": SPEC_VERSION,
        "ce_id": str(event_id),
        "ce_source": source_of(event.TOPIC),
        "ce_type": event.TYPE,
        "ce_subject": event.key,
        "ce_time": at.isoformat(),
        "ce_sequence": f"{version:0{SEQUENCE_DIGITS}}",
        "ce_dataschema": public_url + schema_path(event.TYPE),
        "traceparent": traceparent,
    }


def header_texts(headers: Iterable[tuple[str, bytes | None]]) -> dict[str, str]:
    """Return the headers as text. PostgreSQL can't store NUL: it becomes the replacement character.

    Null values, legal in Kafka, become empty; values that are not UTF-8 are left out. The values of a repeated header
    are joined: readers differ about which of them counts, so none of them is valid alone.
    """
    found: dict[str, str] = {}
    for raw_name, raw in headers:
        name = raw_name.replace("\0", "\ufffd")
        try:
            value = (raw or b"").decode().replace("\0", "\ufffd")
        except UnicodeDecodeError:
            continue
        found[name] = f"{found[name]}, {value}" if name in found else value
    return found
