"""Consuming: each event has its effect once, however often it is delivered."""

import asyncio
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.tests.effects import Effects
from shared.tests.facts import Topic, closed
from townhall.chassis.consuming.message import Message
from townhall.chassis.db import Database


@pytest.fixture
async def effects(database: Database) -> Effects:
    """A service that consumes `voting` and records its effects."""
    made = Effects(database)
    await made.prepare()
    return made


async def test_an_event_delivered_twice_has_its_effect_once(effects: Effects) -> None:
    """G10: repeats within a batch and in later batches change nothing."""
    message = Topic().message(closed(yes=7))
    await effects.processor.process([message, message])
    await effects.processor.process([message])
    assert await effects.totals() == [7]


async def test_two_consumers_given_the_same_event_apply_it_once(effects: Effects) -> None:
    """G10: two members that both believe they own a partition don't double anything."""
    messages = [Topic().message(closed(yes=number)) for number in range(20)]
    await asyncio.gather(*(effects.processor.process(messages) for _ in range(3)))
    assert sorted(await effects.totals()) == list(range(20))


async def test_a_fault_that_passes_is_waited_out_in_order(effects: Effects) -> None:
    """A connection that fails now and then delays events, and neither loses nor reorders them."""
    topic, task = Topic(), uuid4()
    effects.fails = 3
    await effects.processor.process([topic.message(closed(task, yes=number)) for number in range(3)])
    assert await effects.noted() == [(task, 0), (task, 1), (task, 2)]


async def test_a_refusal_is_an_outcome(effects: Effects) -> None:
    """A rule that says no leaves no effect, sets nothing aside, and isn't asked again."""
    message = Topic().message(closed())
    effects.refuses = True
    await effects.processor.process([message])
    effects.refuses = False
    await effects.processor.process([message])
    assert await effects.noted() == []
    assert await effects.listed_dead_letters() == []


@pytest.mark.parametrize("name", ["voting.vote-closed.v2", "voting.vote-abandoned.v1", "voting.vote-opened.v1"])
async def test_types_that_are_not_ours_are_ignored(effects: Effects, name: str) -> None:
    """Types and versions of the topic's owner that are unknown here, and types without a handler, are skipped."""
    topic = Topic()
    strange = topic.raw("k", {"ce_type": name}, b"\xff not json")
    await effects.processor.process([strange, topic.message(closed(yes=1))])
    assert await effects.totals() == [1]


async def test_fields_of_tomorrow_are_ignored(effects: Effects) -> None:
    """A field this reader doesn't know doesn't disturb it."""
    message = Topic().message(closed(yes=4))
    body = (message.value or b"")[:-1] + b',"weather":"\xeb\xb9\x84"}'
    await effects.processor.process([Message(message.topic, 0, 9, message.key, message.headers, body)])
    assert await effects.totals() == [4]


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(deliveries=st.lists(st.lists(st.integers(0, 5), max_size=6), max_size=6))
async def test_any_repetition_of_batches_applies_each_event_once(effects: Effects, deliveries: list[list[int]]) -> None:
    """G10 as a property: whatever is delivered in whatever batches, each event has one effect."""
    await effects.prepare()
    topic = Topic()
    messages = [topic.message(closed(yes=number)) for number in range(6)]
    for batch in deliveries:
        await effects.processor.process([messages[number] for number in batch])
    expected = {number for batch in deliveries for number in batch}
    assert sorted(await effects.totals()) == sorted(expected)
