"""Dead letters: kept with their reason, later messages of the key parked, until an operator settles them."""

from collections.abc import Mapping
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from shared.tests.effects import Effects
from shared.tests.facts import Topic, closed
from townhall.chassis.consuming import dead_letters
from townhall.chassis.consuming.message import Message
from townhall.chassis.db import Database


@pytest.fixture
async def picky(database: Database) -> Effects:
    """A service that can't take everything."""
    made = Effects(database)
    await made.prepare()
    return made


def batch(topic: Topic, task: UUID, *totals: int) -> list[Message]:
    """Return messages of one key."""
    return [topic.message(closed(task, yes=total)) for total in totals]


async def test_a_key_waits_behind_a_dead_letter(picky: Effects) -> None:
    """G11: later events of the key wait; those of other keys go on."""
    picky.cannot = {2}
    topic, task = Topic(), uuid4()
    await picky.processor.process([*batch(topic, task, 1, 2, 3), *batch(topic, uuid4(), 9)])
    await picky.processor.process(batch(topic, task, 4))
    assert await picky.totals() == [1, 9]
    assert await picky.listed_dead_letters() == [
        ("ZeroDivisionError", "waiting"),
        ("parked", "waiting"),
        ("parked", "waiting"),
    ]


async def test_a_requeued_message_is_applied_before_those_behind_it(picky: Effects) -> None:
    """G11: once the fault is mended, the key goes on in its order, and later events don't overtake."""
    picky.cannot = {2}
    topic, task = Topic(), uuid4()
    await picky.processor.process(batch(topic, task, 1, 2, 3))
    picky.cannot = set()
    await picky.operator("requeued", "ZeroDivisionError")
    await picky.processor.process(batch(topic, task, 4))
    assert await picky.totals() == [1, 2, 3, 4]


async def test_dropping_a_message_lets_the_key_go_on(picky: Effects) -> None:
    """G11: what an operator gives up has no effect; what waited behind it has."""
    picky.cannot = {2}
    topic, task = Topic(), uuid4()
    await picky.processor.process(batch(topic, task, 1, 2, 3))
    await picky.operator("dropped", "ZeroDivisionError")
    assert await picky.totals() == [1, 3]


async def test_a_requeued_message_that_fails_again_waits_again(picky: Effects) -> None:
    """G11: nothing is lost by requeueing too early."""
    picky.cannot = {2}
    topic, task = Topic(), uuid4()
    await picky.processor.process(batch(topic, task, 2, 3))
    await picky.operator("requeued", "ZeroDivisionError")
    assert await picky.totals() == []
    assert await picky.listed_dead_letters() == [("ZeroDivisionError", "waiting"), ("parked", "waiting")]


@pytest.mark.parametrize(
    ("headers", "value", "reason"),
    [
        ({}, b"{}", "bad-envelope"),
        ({"ce_type": "voting.vote-closed.v1"}, b"{}", "bad-envelope"),
        ({"ce_type": "voting.vote-closed.v1", "ce_id": "x"}, None, "bad-envelope"),
        ({"ce_id": str(uuid4())}, b"not json", "bad-body"),
        ({"ce_id": str(uuid4())}, b'{"task_id": 3}', "bad-body"),
        ({"ce_id": str(uuid4())}, None, "bad-body"),
        ({"ce_id": str(uuid4()), "x": "\0"}, b"\xff\x00" * 300_000, "bad-body"),
    ],
)
async def test_an_unreadable_message_is_kept_whole(
    picky: Effects, headers: Mapping[str, str], value: bytes | None, reason: str
) -> None:
    """G11: poison messages of every kind become dead letters with reason and original bytes, and are published."""
    topic = Topic()
    whole = topic.message(closed()).headers if reason == "bad-body" else {}
    poison = topic.raw("열쇠", {**whole, **headers}, value)
    await picky.processor.process([poison, topic.message(closed(yes=5))])
    assert await picky.listed_dead_letters() == [(reason, "waiting")]
    assert await picky.totals() == [5]
    async with picky.db.reading() as session:
        kept = (await session.execute(text("SELECT value FROM dead_letter"))).scalar_one()
        copies = (await session.execute(text("SELECT topic, headers FROM outbox"))).all()
    assert kept == value
    assert [(row.topic, row.headers["dead_letter_reason"]) for row in copies] == [
        (f"townhall.{picky.db.source}.dead-letter", reason)
    ]


async def test_a_message_becomes_one_dead_letter_however_often_it_is_delivered(picky: Effects) -> None:
    """Replaying a topic adds no second dead letter for the same message, dropped or not."""
    topic = Topic()
    poison = topic.raw("k", {}, b"junk")
    await picky.processor.process([poison])
    await picky.operator("dropped", "bad-envelope")
    await picky.processor.process([poison])
    assert await picky.listed_dead_letters() == [("bad-envelope", "dropped")]


async def test_only_causes_count_against_the_limit(picky: Effects) -> None:
    """A hundred events behind one bad message are one matter for an operator."""
    picky.cannot = {0}
    topic, task = Topic(), uuid4()
    await picky.processor.process(batch(topic, task, *range(30)))
    async with picky.db.reading() as session:
        assert await dead_letters.waiting(session) == 1
