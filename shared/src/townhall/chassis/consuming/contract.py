"""The contract of a message: what its headers, key and body must be before a handler sees its event.

Whoever may write to a topic can write anything. So nothing is inferred: an event counts only if everything that names
its type, origin and subject agrees, and a message that fails is a dead letter with one of the reasons below.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from pydantic import ValidationError

from townhall.chassis.envelope import CONTENT_TYPE, SEQUENCE_DIGITS, SPEC_VERSION, schema_path, source_of
from townhall.contracts import CATALOGUE, Event, ReceivedEvent


class Reason(StrEnum):
    """Why a message is a dead letter: the values of the label `reason` of `townhall_dead_letters_total`."""

    ENVELOPE = "bad-envelope"
    """An attribute is missing, or `ce_id`, `ce_time` or `ce_sequence` is malformed."""
    SPEC_VERSION = "wrong-specversion"
    """`ce_specversion` is not 1.0."""
    CONTENT_TYPE = "wrong-content-type"
    """The body is not declared as JSON in UTF-8, or the event is in CloudEvents' structured mode."""
    SOURCE = "wrong-source"
    """`ce_source` is not the service that owns the topic."""
    TYPE = "wrong-type"
    """`ce_type` belongs to another topic, or to none."""
    DATA_SCHEMA = "wrong-dataschema"
    """`ce_dataschema` is not the absolute URL of the type's schema."""
    BODY = "bad-body"
    """The body is not JSON that the type's schema accepts."""
    SUBJECT = "wrong-subject"
    """`ce_subject` is not the id in the body."""
    KEY = "wrong-key"
    """The Kafka key is not the id in the body."""
    HANDLER = "handler-failed"
    """The message is valid, and applying it failed each time. The dead letter itself names the type of the error."""


class InvalidMessage(Exception):
    """The message is no event by its contract, now or ever."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Envelope:
    """The CloudEvents attributes of an event, parsed from its headers."""

    id: UUID
    type: str
    source: str
    """The service that announced it."""
    subject: str
    version: int
    at: datetime
    traceparent: str | None


_REQUIRED: Final = frozenset(
    f"ce_{name}" for name in ("specversion", "id", "source", "type", "subject", "time", "sequence", "dataschema")
)
_STRUCTURED: Final = "application/cloudevents"
_JSON: Final = re.compile(r'application/json(\s*;\s*charset="?utf-8"?)?', re.IGNORECASE)
_ID: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_TIME: Final = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?(Z|[+-][0-9]{2}:[0-9]{2})"
)
_TYPE: Final = re.compile(r"[a-z]+\.[a-z0-9-]+\.v[1-9][0-9]*")
_SEQUENCE: Final = re.compile(f"[0-9]{{{SEQUENCE_DIGITS}}}")
_LARGEST_SEQUENCE: Final = 2**63 - 1
_ABSOLUTE: Final = re.compile(r"https?://[^\s/?#]+(/[^\s?#]*)?")


def parse_headers(topic: str, headers: Mapping[str, str]) -> Envelope:
    """Parse the attributes of a message on this topic; raises `InvalidMessage`."""
    content_type = headers.get("content-type", "")
    _require(not content_type.lower().startswith(_STRUCTURED), Reason.CONTENT_TYPE)
    _require(headers.keys() >= _REQUIRED, Reason.ENVELOPE)
    _require(headers["ce_specversion"] == SPEC_VERSION, Reason.SPEC_VERSION)
    _require(_is_json(content_type) and _is_json(headers.get("ce_datacontenttype", CONTENT_TYPE)), Reason.CONTENT_TYPE)
    _require(headers["ce_source"] == source_of(topic), Reason.SOURCE)
    _require(belongs_to(topic, headers["ce_type"]), Reason.TYPE)
    _require(_is_schema_of(headers["ce_type"], headers["ce_dataschema"]), Reason.DATA_SCHEMA)
    return _parse(headers)


def parse_event(envelope: Envelope, key: str | None, body: bytes | None) -> ReceivedEvent[Event]:
    """Parse the event itself; raises `InvalidMessage` if body, subject and key don't agree with each other."""
    try:
        event = CATALOGUE[envelope.type].model_validate_json(body or b"", strict=True)
    except ValidationError as error:
        raise InvalidMessage(Reason.BODY) from error
    _require(envelope.subject == event.key, Reason.SUBJECT)
    _require(key == event.key, Reason.KEY)
    return ReceivedEvent(id=envelope.id, source=envelope.source, version=envelope.version, at=envelope.at, event=event)


def belongs_to(topic: str, type_: str) -> bool:
    """Return whether this type is one of the topic's."""
    return type_ in CATALOGUE and CATALOGUE[type_].TOPIC == topic


def may_be_newer(topic: str, type_: str) -> bool:
    """Return whether the topic's owner may have announced the type: this process may be older than that type."""
    return type_ not in CATALOGUE and _TYPE.fullmatch(type_) is not None and type_.startswith(f"{topic.split('.')[1]}.")


def _require(met: bool, reason: Reason) -> None:  # noqa: FBT001  reads as a sentence
    if not met:
        raise InvalidMessage(reason)


def _is_json(content_type: str) -> bool:
    return content_type == CONTENT_TYPE or _JSON.fullmatch(content_type) is not None


def _is_schema_of(type_: str, url: str) -> bool:
    return url.endswith(schema_path(type_)) and _ABSOLUTE.fullmatch(url) is not None


def _parse(headers: Mapping[str, str]) -> Envelope:
    id_, time, sequence = headers["ce_id"], headers["ce_time"], headers["ce_sequence"]
    well_formed = _ID.fullmatch(id_) and _TIME.fullmatch(time) and _SEQUENCE.fullmatch(sequence)
    _require(bool(well_formed) and 0 < int(sequence) <= _LARGEST_SEQUENCE, Reason.ENVELOPE)
    try:
        at = datetime.fromisoformat(time)
    except ValueError as error:  # such as the 30th of February
        raise InvalidMessage(Reason.ENVELOPE) from error
    return Envelope(
        id=UUID(id_),
        type=headers["ce_type"],
        source=headers["ce_source"].rpartition("/")[2],
        subject=headers["ce_subject"],
        version=int(sequence),
        at=at,
        traceparent=headers.get("traceparent"),
    )
