"""The AsyncAPI 3 document of a service, made from the contracts it announces and consumes.

FastStream's generator makes the channels and schemas, from a broker that is never started. It knows one message a
topic; here each event type is a message of its own, with its CloudEvents headers and its key.
"""

import re
from collections.abc import Iterable, Sequence
from functools import reduce
from operator import or_
from typing import Any, Final, Literal

from faststream.kafka import KafkaBroker
from faststream.specification import AsyncAPI

from townhall.chassis.envelope import CONTENT_TYPE, SEQUENCE_DIGITS, SPEC_VERSION, schema_path, source_of
from townhall.chassis.http import API_VERSION
from townhall.contracts import Event

Document = dict[str, Any]
Act = Literal["announce", "consume"]

HOST: Final = "kafka.example:9092"
"""Stands for the address of the cluster, which is a setting and no part of the document."""

_ABOUT: Final = "Events as CloudEvents 1.0 in Kafka's binary mode; those of one key keep their order."


def document(name: str, announces: Sequence[type[Event]], consumes: Sequence[type[Event]]) -> Document:
    """Return the document of the events a service announces and consumes; it ignores other types."""
    broker = KafkaBroker(HOST, specification_url=HOST, protocol_version="4", description="Apache Kafka")
    for topic, kinds in _by_topic(announces).items():
        broker.publisher(topic, title=_name("announce", topic), schema=_any_of(kinds), description=_ABOUT)
    for topic, kinds in _by_topic(consumes).items():
        broker.subscriber(topic, title=_name("consume", topic), description=_ABOUT)(_subscriber(kinds))
    specification = AsyncAPI(broker, title=f"Townhall: {name}", version=API_VERSION, schema_version="3.0.0")
    made: Document = specification.to_specification().to_jsonable()
    kinds_by_channel = _channels("announce", announces) | _channels("consume", consumes)
    for channel, kinds in kinds_by_channel.items():
        _add_messages(made, channel, kinds)
    [made["servers"]] = [{"kafka": server} for server in made["servers"].values()]
    made["components"]["messages"] = {kind.TYPE: _message(kind) for kind in (*announces, *consumes)}
    made["components"]["schemas"] = _schemas(made["components"]["schemas"])
    return {"asyncapi": made.pop("asyncapi"), **made}


def _by_topic(kinds: Iterable[type[Event]]) -> dict[str, list[type[Event]]]:
    found: dict[str, list[type[Event]]] = {}
    for kind in kinds:
        found.setdefault(kind.TOPIC, []).append(kind)
    return found


def _name(act: Act, topic: str) -> str:
    return f"{act}-{topic}"


def _channels(act: Act, kinds: Iterable[type[Event]]) -> dict[str, list[type[Event]]]:
    return {_name(act, topic): members for topic, members in _by_topic(kinds).items()}


def _any_of(kinds: Sequence[type[Event]]) -> Any:  # noqa: ANN401  a union made at run time
    return reduce(or_, kinds)


def _subscriber(kinds: Sequence[type[Event]]) -> Any:  # noqa: ANN401  a function FastStream reads and never calls
    async def consume(event: Event) -> None:
        """Stand for the handlers of the service."""

    consume.__annotations__["event"] = _any_of(kinds)
    return consume


def _add_messages(made: Document, channel: str, kinds: Sequence[type[Event]]) -> None:
    made["channels"][channel]["servers"] = [{"$ref": "#/servers/kafka"}]
    made["channels"][channel]["messages"] = {
        kind.TYPE: {"$ref": f"#/components/messages/{kind.TYPE}"} for kind in kinds
    }
    made["operations"][channel]["messages"] = [{"$ref": f"#/channels/{channel}/messages/{kind.TYPE}"} for kind in kinds]


def _message(kind: type[Event]) -> Document:
    return {
        "name": kind.TYPE,
        "title": kind.__name__,
        "summary": kind.__doc__,
        "contentType": CONTENT_TYPE,
        "headers": _headers(kind),
        "payload": {"$ref": f"#/components/schemas/{kind.__name__}"},
        "correlationId": {"location": "$message.header#/traceparent"},
        "bindings": {"kafka": {"key": {"type": "string", "description": f"The value of `{kind.KEY}`."}}},
    }


def _headers(kind: type[Event]) -> Document:
    texts: dict[str, Document] = {
        "content-type": {"const": CONTENT_TYPE},
        "ce_specversion": {"const": SPEC_VERSION},
        "ce_id": {"format": "uuid", "description": "The same each time this event is delivered."},
        "ce_source": {"const": source_of(kind.TOPIC), "description": "The service that announced it."},
        "ce_type": {"const": kind.TYPE},
        "ce_subject": {"description": f"The value of `{kind.KEY}`, which is the key too."},
        "ce_time": {"format": "date-time", "description": "When it became true, by its announcer's database."},
        "ce_sequence": {
            "pattern": f"^[0-9]{{{SEQUENCE_DIGITS}}}$",
            "description": "1, 2, 3 … within one source and key, with zeros in front: texts sort as the numbers do.",
        },
        "ce_dataschema": {
            "format": "uri",
            "pattern": f"^https?://[^?#]+{re.escape(schema_path(kind.TYPE))}$",
            "description": "The JSON schema of the body: an absolute URL at the service that announced the event.",
        },
    }
    trace = {"traceparent": {"type": "string", "description": "W3C Trace Context."}}
    return {
        "type": "object",
        "required": list(texts),
        "properties": {name: {"type": "string", **rest} for name, rest in texts.items()} | trace,
    }


def _schemas(found: Document) -> Document:
    """Leave out the unions FastStream made for whole topics."""
    return {name: schema for name, schema in found.items() if not name.endswith(":Payload")}
