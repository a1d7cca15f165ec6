"""A consumer acts only on what the contract of events says; everything else is a dead letter with its reason."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from shared.tests.effects import Effects
from shared.tests.facts import Topic, closed
from shared.tests.test_metrics import value
from townhall.chassis.consuming.contract import InvalidMessage, Reason, parse_headers
from townhall.chassis.consuming.message import Message
from townhall.chassis.db import Database
from townhall.chassis.envelope import header_texts
from townhall.contracts import CATALOGUE, Event, voting

Changes = Mapping[str, str | None]

OTHER: Final = "6824c221-5b7b-436c-a0bd-47f36d84042b"
HEADERS: Final[list[tuple[Changes, Reason]]] = [
    ({"ce_specversion": None}, Reason.ENVELOPE),
    ({"ce_specversion": "9.9"}, Reason.SPEC_VERSION),
    ({"ce_specversion": "1.0, 1.0"}, Reason.SPEC_VERSION),
    ({"content-type": None}, Reason.CONTENT_TYPE),
    ({"content-type": "text/html"}, Reason.CONTENT_TYPE),
    ({"content-type": "application/json; charset=euc-kr"}, Reason.CONTENT_TYPE),
    ({"content-type": "application/json, application/json"}, Reason.CONTENT_TYPE),
    ({"content-type": "application/cloudevents+json"}, Reason.CONTENT_TYPE),
    ({"content-type": "application/cloudevents+json; charset=utf-8", "ce_type": None}, Reason.CONTENT_TYPE),
    ({"ce_datacontenttype": "text/html"}, Reason.CONTENT_TYPE),
    ({"ce_source": None}, Reason.ENVELOPE),
    ({"ce_source": "townhall/committee"}, Reason.SOURCE),
    ({"ce_source": "voting"}, Reason.SOURCE),
    ({"ce_source": "https://elsewhere.example/townhall/voting"}, Reason.SOURCE),
    ({"ce_source": "townhall/voting\0"}, Reason.SOURCE),
    ({"ce_type": None}, Reason.ENVELOPE),
    ({"ce_type": "committee.directive-issued.v1"}, Reason.TYPE),
    ({"ce_type": "elsewhere.vote-closed.v1"}, Reason.TYPE),
    ({"ce_type": "voting.vote-closed.v1, voting.vote-closed.v1"}, Reason.TYPE),
    ({"ce_type": "voting.vote-closed"}, Reason.TYPE),
    ({"ce_dataschema": None}, Reason.ENVELOPE),
    ({"ce_dataschema": "schemas/voting.vote-closed.v1.json"}, Reason.DATA_SCHEMA),
    ({"ce_dataschema": "https://townhall.example/schemas/voting.vote-opened.v1.json"}, Reason.DATA_SCHEMA),
    ({"ce_dataschema": "https:///schemas/voting.vote-closed.v1.json"}, Reason.DATA_SCHEMA),
    ({"ce_id": None}, Reason.ENVELOPE),
    ({"ce_id": "7"}, Reason.ENVELOPE),
    ({"ce_id": OTHER.upper()}, Reason.ENVELOPE),
    ({"ce_id": f"{{{OTHER}}}"}, Reason.ENVELOPE),
    ({"ce_time": None}, Reason.ENVELOPE),
    ({"ce_time": "2026-03-01"}, Reason.ENVELOPE),
    ({"ce_time": "2026-03-01T09:00:00"}, Reason.ENVELOPE),
    ({"ce_time": "2026-02-30T09:00:00Z"}, Reason.ENVELOPE),
    ({"ce_sequence": None}, Reason.ENVELOPE),
    ({"ce_sequence": "1"}, Reason.ENVELOPE),
    ({"ce_sequence": "0" * 20}, Reason.ENVELOPE),
    ({"ce_sequence": "9" * 20}, Reason.ENVELOPE),
    ({"ce_sequence": "١" * 20}, Reason.ENVELOPE),
    ({"ce_sequence": "-0000000000000000001"}, Reason.ENVELOPE),
    ({"ce_subject": None}, Reason.ENVELOPE),
    ({"ce_subject": OTHER}, Reason.SUBJECT),
    ({"ce_subject": ""}, Reason.SUBJECT),
]
BODIES: Final = [
    b"", b"null", b"[]", b"{}", b"not json", b"\xff", b'{"task_id": 3}', None,
]  # fmt: skip


@pytest.fixture
async def effects(database: Database) -> Effects:
    """A service that consumes `voting` and records its effects."""
    made = Effects(database)
    await made.prepare()
    return made


def changed(message: Message, changes: Changes) -> Message:
    """Return the message with these headers replaced or removed, as a consumer reads them."""
    headers = [(name, text.encode()) for name, text in {**message.headers, **changes}.items() if text is not None]
    return replace(message, headers=header_texts(headers))


async def assert_dead_letter(effects: Effects, message: Message, reason: Reason) -> None:
    """Check that the message is kept with this reason and counted by it, and has no effect."""
    await effects.prepare()
    before = value("townhall_dead_letters_total", topic=voting.TOPIC, reason=reason)
    await effects.processor.process([message])
    assert await effects.totals() == []
    assert await effects.listed_dead_letters() == [(reason, "waiting")]
    assert value("townhall_dead_letters_total", topic=voting.TOPIC, reason=reason) == before + 1
    async with effects.db.reading() as session:
        assert (await session.execute(text("SELECT count(*) FROM inbox"))).scalar_one() == 0


async def test_headers_against_the_contract(effects: Effects, subtests: pytest.Subtests) -> None:
    """Each attribute is needed and has one form; origin and type must be those of the topic."""
    for changes, reason in HEADERS:
        with subtests.test(str(changes)):
            await assert_dead_letter(effects, changed(Topic().message(closed(yes=1)), changes), reason)


async def test_bodies_against_the_schema(effects: Effects, subtests: pytest.Subtests) -> None:
    """The body is a JSON object that the type's schema accepts."""
    for body in BODIES:
        with subtests.test(str(body)):
            await assert_dead_letter(effects, replace(Topic().message(closed()), value=body), Reason.BODY)


async def test_no_value_is_converted(effects: Effects) -> None:
    """A number written as text is not a number: other readers would refuse it."""
    message = Topic().message(closed(yes=7))
    body = (message.value or b"").replace(b'"yes":7', b'"yes":"7"')
    await assert_dead_letter(effects, replace(message, value=body), Reason.BODY)


async def test_a_key_that_is_not_the_bodys_id(effects: Effects, subtests: pytest.Subtests) -> None:
    """The order of a key means something only if the key is that of the event."""
    for key in (None, "", "k", OTHER, OTHER.upper()):
        with subtests.test(str(key)):
            await assert_dead_letter(effects, replace(Topic().message(closed()), key=key), Reason.KEY)


@pytest.mark.parametrize("content_type", ["application/json;charset=UTF-8", 'Application/JSON; charset="utf-8"'])
async def test_json_may_name_its_charset(effects: Effects, content_type: str) -> None:
    """Media types have several spellings."""
    message = changed(Topic().message(closed(yes=1)), {"content-type": content_type, "ce_time": "2026-03-01T09:00:00Z"})
    await effects.processor.process([message])
    assert await effects.totals() == [1]


async def test_a_repeated_attribute_is_ambiguous(effects: Effects) -> None:
    """Readers differ about which value counts, so a second one invalidates the first."""
    message = Topic().message(closed(yes=1))
    twice = header_texts([*((name, each.encode()) for name, each in message.headers.items()), ("ce_id", b"x")])
    await assert_dead_letter(effects, replace(message, headers=twice), Reason.ENVELOPE)


async def test_an_invalid_message_takes_no_other_events_place(effects: Effects) -> None:
    """Junk with the id of an event still to come is a dead letter; the event has its effect."""
    topic = Topic()
    event = topic.message(closed(yes=1))
    await effects.processor.process(
        [changed(topic.message(closed()), {"ce_id": event.headers["ce_id"], "ce_time": ""})]
    )
    await effects.processor.process([event])
    assert await effects.totals() == [1]


async def test_junk_parked_behind_junk_takes_no_other_events_place(effects: Effects) -> None:
    """Also while its key waits behind a dead letter."""
    topic, task = Topic(), uuid4()
    event = topic.message(closed(yes=1))
    junk = [changed(topic.message(closed(task)), {"ce_id": event.headers["ce_id"], "ce_source": "x"}) for _ in range(2)]
    await effects.processor.process(junk)
    await effects.processor.process([event])
    assert await effects.totals() == [1]
    assert await effects.listed_dead_letters() == [(Reason.SOURCE, "waiting"), ("parked", "waiting")]


async def test_a_repaired_dead_letter_is_applied_once(effects: Effects) -> None:
    """Two copies of an event that was invalid for this process: after an upgrade both are requeued, one is applied."""
    topic = Topic()
    event = topic.message(closed(yes=1))
    copies = [changed(replace(event, position=position), {"ce_source": "x"}) for position in (7, 8)]
    await effects.processor.process(copies[:1])
    await effects.processor.process(copies[1:])
    async with effects.db.transaction() as tx:
        await tx.session.execute(
            text("UPDATE dead_letter SET headers = headers || jsonb_build_object('ce_source', 'townhall/voting')")
        )
    await effects.operator("requeued", Reason.SOURCE)
    assert await effects.totals() == [1]
    assert {status for _, status in await effects.listed_dead_letters()} == {"applied"}


@pytest.mark.parametrize("kind", CATALOGUE.values(), ids=CATALOGUE.keys())
@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_any_other_attribute_is_refused(kind: type[Event], data: st.DataObject) -> None:
    """Of every type and every attribute with one valid value: whatever else stands there."""
    good = {**Topic().message(closed()).headers, "ce_type": kind.TYPE}
    good |= {"ce_source": f"townhall/{kind.TYPE.partition('.')[0]}"}
    good |= {"ce_dataschema": f"https://townhall.example/schemas/{kind.TYPE}.json"}
    assert parse_headers(kind.TOPIC, good).type == kind.TYPE
    name = data.draw(st.sampled_from(["ce_specversion", "ce_source", "ce_type", "ce_dataschema", "content-type"]))
    other = data.draw(st.text() | st.sampled_from([*CATALOGUE, "townhall/x", f"{good[name]} ", good[name].upper()]))
    assume(other.lower() != good[name].lower() or name not in ("content-type", "ce_dataschema"))
    assume(other != good[name])
    with pytest.raises(InvalidMessage):
        parse_headers(kind.TOPIC, good | {name: other})
