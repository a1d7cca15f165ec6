"""Event schemas stay compatible: with consumers elsewhere, and with old events in the topics."""

from functools import cache
from typing import Any

import jsonschema_rs
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.contracts.compatibility import breaks
from tests.contracts.sample_documents import document_strategy
from tests.contracts.schemas import FROZEN, SAMPLES, stored
from townhall.chassis.event_schemas import document as schema
from townhall.chassis.event_schemas import text as written
from townhall.contracts import CATALOGUE, TOPICS, Event

Document = dict[str, Any]

EVENTS = pytest.mark.parametrize("kind", CATALOGUE.values(), ids=CATALOGUE.keys())

OLD: Document = {
    "properties": {
        "task_id": {"type": "string", "format": "uuid"},
        "title": {"type": "string", "maxLength": 100},
        "reason": {"type": "string", "pattern": "^[a-z]+$"},
        "origin": {"type": "string", "enum": ["proposals", "government"]},
        "rule": {"$ref": "#/$defs/Rule"},
        "note": {"type": "string", "default": ""},
    },
    "required": ["task_id", "title", "reason", "origin", "rule"],
    "type": "object",
    "$defs": {"Rule": {"type": "object", "properties": {"version": {"type": "integer"}}, "required": ["version"]}},
}


def changed(**fields: Document) -> Document:
    """Return the old schema with these fields added or replaced."""
    return {**OLD, "properties": {**OLD["properties"], **fields}}


def with_boolean(old: Document, name: str) -> Document:
    """Return the schema with one field changed to a boolean."""
    return {**old, "properties": {**old["properties"], name: {"type": "boolean"}}}


def without(name: str) -> Document:
    """Return the old schema without one field."""
    left = {field: node for field, node in OLD["properties"].items() if field != name}
    return {**OLD, "properties": left, "required": [field for field in OLD["required"] if field != name]}


@cache
def documents(kind: type[Event]) -> st.SearchStrategy[Any]:
    """Return the strategy for the documents of an event type; all examples draw from the same one."""
    return document_strategy(schema(kind))


@cache
def validator(kind: type[Event]) -> jsonschema_rs.Validator:
    """Return the validator of an event type's schema, compiled once."""
    return jsonschema_rs.validator_for(schema(kind))


@EVENTS
def test_every_frozen_schema_is_up_to_date(kind: type[Event]) -> None:
    """The frozen schema is that of the class; `make schemas` accepts compatible changes."""
    assert (FROZEN / f"{kind.TYPE}.json").read_text() == written(schema(kind))


def test_every_frozen_type_has_its_class() -> None:
    """A published type stays readable."""
    assert stored(FROZEN).keys() == CATALOGUE.keys()
    assert stored(SAMPLES).keys() == CATALOGUE.keys()


@EVENTS
def test_an_old_event_is_still_read(kind: type[Event]) -> None:
    """Each sample was frozen with the first version of its class and is read with the same values."""
    sample = stored(SAMPLES)[kind.TYPE]
    read = kind.model_validate(sample).model_dump(mode="json")
    assert {name: read[name] for name in sample} == sample


@EVENTS
def test_an_unknown_field_is_ignored(kind: type[Event]) -> None:
    """Old consumers accept new fields, at the top level and in nested values."""
    sample = stored(SAMPLES)[kind.TYPE]
    later = {name: {**node, "새 필드": 1} if isinstance(node, dict) else node for name, node in sample.items()}
    assert kind.model_validate({**later, "새 필드": {"?": []}}) == kind.model_validate(sample)


@EVENTS
@settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(data=st.data())
def test_an_event_round_trips(kind: type[Event], data: st.DataObject) -> None:
    """Any valid document is read, and its serialisation is valid and reads as the same event."""
    event = kind.model_validate(data.draw(documents(kind)))
    body = event.model_dump_json()
    assert kind.model_validate_json(body, strict=True) == event
    validator(kind).validate(event.model_dump(mode="json"))


@EVENTS
def test_a_type_names_its_owner_and_version(kind: type[Event]) -> None:
    """`<owner>.<fact>.v<major>` on the owner's topic, keyed by a required field."""
    owner, _fact, version = kind.TYPE.split(".")
    assert f"townhall.{owner}.v1" == kind.TOPIC
    assert kind.TOPIC in TOPICS
    assert version.removeprefix("v").isdigit()
    assert kind.model_fields[kind.KEY].is_required()


@pytest.mark.parametrize(
    "new",
    [
        OLD,
        changed(seats={"type": "integer", "default": 0}),
        changed(title={"type": "string", "maxLength": 100, "description": "A better description."}),
    ],
)
def test_a_compatible_change_is_accepted(new: Document) -> None:
    """New optional fields and changed descriptions are allowed within a version."""
    assert not list(breaks(OLD, new))


@pytest.mark.parametrize(
    "new",
    [
        without("title"),
        without("note"),
        {**OLD, "required": ["task_id", "reason", "origin", "rule"]},
        {**changed(seats={"type": "integer"}), "required": [*OLD["required"], "seats"]},
        {**OLD, "required": [*OLD["required"], "note"]},
        changed(title={"type": "integer"}),
        changed(title={"type": "string", "maxLength": 200}),
        changed(title={"type": "string", "maxLength": 50}),
        changed(origin={"type": "string", "enum": ["proposals", "government", "session"]}),
        changed(origin={"type": "string", "enum": ["proposals"]}),
        changed(task_id={"type": "string", "format": "date"}),
        changed(task_id={"type": "string"}),
        changed(reason={"type": "string", "pattern": "^[a-z-]+$"}),
        {**OLD, "$defs": {"Rule": {**OLD["$defs"]["Rule"], "required": []}}},
    ],
)
def test_an_incompatible_change_is_refused(new: Document) -> None:
    """It needs a new class and a new version."""
    assert list(breaks(OLD, new))


def test_a_changed_type_of_any_field_is_refused(subtests: pytest.Subtests) -> None:
    """Of every field of every event: here by a change to a boolean."""
    for type_name, frozen in stored(FROZEN).items():
        with subtests.test(type_name):
            fields = [name for name, node in frozen["properties"].items() if node.get("type") != "boolean"]
            assert all(list(breaks(frozen, with_boolean(frozen, name))) for name in fields)
