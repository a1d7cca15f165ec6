"""Events stay readable: to those who read them elsewhere, and to this code when it hears what it said years ago."""

from typing import Any

import jsonschema_rs
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.contracts.compatibility import breaks
from tests.contracts.schemas import FROZEN, SAMPLES, schema, stored, written
from tests.contracts.specimens import documents
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
    """Return the old schema with these fields in place of its own."""
    return {**OLD, "properties": {**OLD["properties"], **fields}}


def rewritten(old: Document, name: str) -> Document:
    """Return a schema with one field made a yes-or-no."""
    return {**old, "properties": {**old["properties"], name: {"type": "boolean"}}}


def without(name: str) -> Document:
    """Return the old schema with one field removed, wherever it stood."""
    left = {field: node for field, node in OLD["properties"].items() if field != name}
    return {**OLD, "properties": left, "required": [field for field in OLD["required"] if field != name]}


@EVENTS
def test_every_event_is_frozen_as_it_is(kind: type[Event]) -> None:
    """What readers were promised is what the class says; `make schemas` takes a compatible change over."""
    assert (FROZEN / f"{kind.TYPE}.json").read_text() == written(schema(kind))


def test_nothing_is_frozen_without_its_class() -> None:
    """A type that was published once can be read for ever."""
    assert stored(FROZEN).keys() == CATALOGUE.keys()
    assert stored(SAMPLES).keys() == CATALOGUE.keys()


@EVENTS
def test_an_old_event_is_still_read(kind: type[Event]) -> None:
    """Each sample was frozen with the first version of its class and says today what it said then."""
    sample = stored(SAMPLES)[kind.TYPE]
    read = kind.model_validate(sample).model_dump(mode="json")
    assert {name: read[name] for name in sample} == sample


@EVENTS
def test_a_field_of_tomorrow_is_ignored(kind: type[Event]) -> None:
    """An old reader bears new fields, at the top and inside a value."""
    sample = stored(SAMPLES)[kind.TYPE]
    later = {name: {**node, "새 필드": 1} if isinstance(node, dict) else node for name, node in sample.items()}
    assert kind.model_validate({**later, "새 필드": {"?": []}}) == kind.model_validate(sample)


@EVENTS
@settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(data=st.data())
def test_an_event_survives_the_wire(kind: type[Event], data: st.DataObject) -> None:
    """Whatever the schema allows is read, and what is written back satisfies the schema and is the same event."""
    event = kind.model_validate(data.draw(documents(schema(kind))))
    body = event.model_dump_json()
    assert kind.model_validate_json(body) == event
    jsonschema_rs.validate(schema(kind), event.model_dump(mode="json"))


@EVENTS
def test_a_type_names_its_owner_and_version(kind: type[Event]) -> None:
    """`<owner>.<fact>.v<major>` on the owner's one topic, keyed by a field that is always there."""
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
def test_a_reader_bears(new: Document) -> None:
    """New optional fields and better descriptions may come within a version."""
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
def test_a_reader_would_break(new: Document) -> None:
    """Everything else is refused: it needs a new class and a new version."""
    assert list(breaks(OLD, new))


def test_each_rewriting_of_a_field_is_noticed(subtests: pytest.Subtests) -> None:
    """Whatever field of whatever event were to become a yes-or-no, the check would say so."""
    for type_name, frozen in stored(FROZEN).items():
        with subtests.test(type_name):
            fields = [name for name, node in frozen["properties"].items() if node.get("type") != "boolean"]
            assert all(list(breaks(frozen, rewritten(frozen, name))) for name in fields)
