"""Batches: events delivered together are applied together, with the same guarantees as for single events."""

import asyncio
import random
from collections.abc import Sequence
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from shared.tests.effects import Effects
from shared.tests.facts import AT, Topic, closed
from townhall.chassis.consuming import Message, Processor, Subscription
from townhall.chassis.db import Database, Transaction
from townhall.contracts import ReceivedEvent, voting
from townhall.contracts.values import TaskId


@pytest.fixture
async def effects(database: Database) -> Effects:
    """A service that consumes `voting` and records its effects."""
    made = Effects(database)
    await made.prepare()
    return made


def batch(topic: Topic, task: UUID, *totals: int) -> list[Message]:
    """Return messages of one key."""
    return [topic.message(closed(task, yes=total)) for total in totals]


def poison(topic: Topic, task: UUID) -> Message:
    """Return a message of a key that nobody can read."""
    whole = topic.message(closed(task))
    return topic.raw(str(task), whole.headers, b"not json")


async def transactions(db: Database) -> int:
    """Return how many transactions wrote effects or took events into the inbox."""
    async with db.reading() as session:
        every = "SELECT xmin::text FROM effect UNION SELECT xmin::text FROM inbox"
        return int((await session.execute(text(f"SELECT count(*) FROM ({every})"))).scalar_one())  # noqa: S608  a literal


async def test_a_batch_is_one_transaction_and_one_call(effects: Effects) -> None:
    """G10: inbox and effect of all its events are committed together; the handler is given all of them at once."""
    topic, one, other = Topic(), uuid4(), uuid4()
    mixed = zip(batch(topic, one, 1, 2, 3), batch(topic, other, 4, 5, 6), strict=True)
    await effects.processor.process([message for pair in mixed for message in pair])
    assert await effects.noted() == [(one, 1), (other, 4), (one, 2), (other, 5), (one, 3), (other, 6)]
    assert effects.given == [6]
    assert await transactions(effects.db) == 1


async def test_repeats_are_taken_out_of_a_batch(effects: Effects) -> None:
    """G10: an event twice in a batch, or known from an earlier one, isn't given to the handler again."""
    first, second, third = batch(Topic(), uuid4(), 1, 2, 3)
    await effects.processor.process([first, second, first, second])
    await effects.processor.process([second, third, first, third])
    assert await effects.totals() == [1, 2, 3]
    assert effects.given == [2, 1]


async def test_a_fault_in_the_middle_concerns_its_key_alone(effects: Effects) -> None:
    """G11: with one event that can't be applied, all others of the batch are, in the order of their keys."""
    topic, bad, good = Topic(), uuid4(), uuid4()
    effects.cannot = {2}
    await effects.processor.process([*batch(topic, good, 11), *batch(topic, bad, 1, 2, 3), *batch(topic, good, 12, 13)])
    assert await effects.noted() == [(good, 11), (bad, 1), (good, 12), (good, 13)]
    assert await effects.listed_dead_letters() == [("ZeroDivisionError", "waiting"), ("parked", "waiting")]


async def test_poison_in_the_middle_concerns_its_key_alone(effects: Effects) -> None:
    """G11: with one message that can't be read, all others of the batch are applied, in the order of their keys."""
    topic, bad, good = Topic(), uuid4(), uuid4()
    await effects.processor.process(
        [
            *batch(topic, good, 11),
            *batch(topic, bad, 1),
            poison(topic, bad),
            *batch(topic, bad, 3),
            *batch(topic, good, 12),
        ]
    )
    assert await effects.noted() == [(good, 11), (bad, 1), (good, 12)]
    assert await effects.listed_dead_letters() == [("bad-body", "waiting"), ("parked", "waiting")]


async def test_a_held_key_does_not_slow_its_neighbours(effects: Effects) -> None:
    """G11: events of a held key wait behind in order; the rest of their batch stays one transaction."""
    topic, held, free = Topic(), uuid4(), uuid4()
    await effects.processor.process([poison(topic, held)])
    await effects.processor.process([*batch(topic, held, 1), *batch(topic, free, 7, 8), *batch(topic, held, 2)])
    assert (await effects.noted(), effects.given) == ([(free, 7), (free, 8)], [2])
    await effects.operator("dropped", "bad-body")
    assert await effects.noted() == [(free, 7), (free, 8), (held, 1), (held, 2)]


async def test_a_refusal_in_the_middle_refuses_no_other(effects: Effects) -> None:
    """A rule that says no to one event of a batch leaves the others their effect."""
    topic, task = Topic(), uuid4()
    effects.refused = {2}
    await effects.processor.process(batch(topic, task, 1, 2, 3))
    assert await effects.totals() == [1, 3]
    assert await effects.listed_dead_letters() == []


async def test_events_of_several_kinds_keep_their_order(database: Database) -> None:
    """G9: a handler is given what comes for it in a row; where another's event comes between, it is called again."""
    calls: list[tuple[str, list[int]]] = []

    async def on_closed(_tx: Transaction, received_events: Sequence[ReceivedEvent[voting.VoteClosed]]) -> None:
        calls.append(("closed", [received.version for received in received_events]))

    async def on_scheduled(_tx: Transaction, received_events: Sequence[ReceivedEvent[voting.VoteScheduled]]) -> None:
        calls.append(("scheduled", [received.version for received in received_events]))

    topic, task = Topic(), TaskId(uuid4())
    shut, planned = closed(task), voting.VoteScheduled(task_id=task, opens_at=AT, closes_at=AT)
    subscription = Subscription(voting.TOPIC, {voting.VoteClosed: on_closed, voting.VoteScheduled: on_scheduled})
    messages = [topic.message(event) for event in (planned, planned, shut, planned, shut, shut)]
    await Processor(database, [subscription]).process(messages)
    assert calls == [("scheduled", [1, 2]), ("closed", [3]), ("scheduled", [4]), ("closed", [5, 6])]


async def test_what_is_announced_belongs_to_the_trace_of_its_cause(database: Database) -> None:
    """Each announcement of a batch carries the trace of the event about its key, and none carries a stranger's."""
    stranger = uuid4()

    async def answer(tx: Transaction, received_events: Sequence[ReceivedEvent[voting.VoteClosed]]) -> None:
        tx.announce(*(closed(received.event.task_id) for received in received_events), closed(stranger))

    topic = Topic()
    messages = [topic.message(closed()) for _ in range(3)]
    await Processor(database, [Subscription(voting.TOPIC, {voting.VoteClosed: answer})]).process(messages)
    async with database.reading() as session:
        rows = await session.execute(text("SELECT key, headers ->> 'traceparent' AS trace FROM outbox"))
        traces = {row.key: row.trace for row in rows}
    assert traces.pop(str(stranger)) not in traces.values()
    assert traces == {message.key: message.headers["traceparent"] for message in messages}


async def test_batches_that_overlap_wait_for_each_other_and_never_in_a_circle(effects: Effects) -> None:
    """G10: consumers given the same events in any order each commit their batch; none is broken off by a deadlock."""
    topic, chance = Topic(), random.Random(7)
    messages = [topic.message(closed(yes=number)) for number in range(300)]
    given = [chance.sample(messages, size) for size in (280, 30, 150, 70, 290, 12)]
    await asyncio.gather(*(effects.processor.process(each) for each in given))
    assert len(set(await effects.totals())) == len(await effects.totals())
    assert await transactions(effects.db) <= len(given)
