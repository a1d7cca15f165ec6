"""Consumer: the timeline is the same whatever comes twice, late, or in another order."""

import asyncio
import random
from datetime import timedelta
from itertools import pairwise
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from proposal import handlers
from proposal.consumers import subscriptions
from proposal.domain.referral import ThresholdAlreadyReached
from proposal.domain.timeline import TaskState
from proposal.store import facts, tasks
from services.proposal.tests.deliveries import AT, Deliveries, whole_way
from townhall.contracts import CATALOGUE, committee, evaluation, proposal, voting
from townhall.contracts.values import (
    TaskId,
)
from townhall.testing import message_of

QUICKLY = (Phase.explicit, Phase.reuse, Phase.generate)
"""A failure is told as it was found: each attempt to make it smaller would take the database a second."""


def test_every_event_about_a_task_is_heard() -> None:
    """P14: a new type of event with a task is on the timeline without anybody remembering to add it."""
    received = {kind for each in subscriptions() for kind in each.consumes}
    assert received == {kind for kind in CATALOGUE.values() if "task_id" in kind.model_fields}
    assert {each.topic for each in subscriptions()} == {proposal.TOPIC, voting.TOPIC, committee.TOPIC, evaluation.TOPIC}


async def test_the_whole_way_is_shown(deliveries: Deliveries) -> None:
    """P14, P15: all facts in their order, and the furthest step as the state."""
    task = await deliveries.selected()
    way = whole_way(task.id)
    await deliveries.hear(*way)
    shown = await deliveries.shown(task.id)
    assert shown.state is TaskState.VERIFIED
    assert {fact.type for fact in shown.timeline} == {event.TYPE for event in way}
    assert [fact.at for fact in shown.timeline] == sorted(fact.at for fact in shown.timeline)
    reached = next(fact for fact in shown.timeline if fact.type == voting.ThresholdReached.TYPE)
    assert (reached.source, reached.facts["yes"], reached.facts["rule"]["version"]) == ("voting", 4, 1)
    assert "task_id" not in reached.facts


async def test_delivered_twice_is_shown_once(deliveries: Deliveries) -> None:
    """P14: redelivery, in a batch or alone, changes nothing."""
    task = await deliveries.selected()
    messages = await deliveries.hear(*whole_way(task.id))
    once = await deliveries.shown(task.id)
    await deliveries.again(messages)
    await deliveries.again(messages[3:5] + messages[3:5])
    assert await deliveries.shown(task.id) == once


async def test_each_fact_once_even_without_an_inbox(deliveries: Deliveries) -> None:
    """P14: a lost inbox doubles nothing, since facts have the event's own id."""
    task = await deliveries.selected()
    messages = await deliveries.hear(*whole_way(task.id))
    once = await deliveries.shown(task.id)
    async with deliveries.db.transaction() as tx:
        await tx.session.execute(text("TRUNCATE inbox"))
    await deliveries.again(messages)
    assert await deliveries.shown(task.id) == once
    async with deliveries.db.reading() as session:
        assert (await session.execute(text("SELECT count(*) FROM dead_letter"))).scalar_one() == 0


@pytest.mark.parametrize("seed", range(5))
async def test_any_order_of_topics_shows_the_same(deliveries: Deliveries, seed: int) -> None:
    """P14, P15: topics aren't ordered: replayed into emptied projections in any order, all is back."""
    task = await deliveries.selected()
    messages = [message_of(event, AT + timedelta(hours=hour)) for hour, event in enumerate(whole_way(task.id))]
    await deliveries.again(messages)
    before = await deliveries.shown(task.id)
    await deliveries.forget()
    assert (await deliveries.shown(task.id)).timeline == []
    random.Random(seed).shuffle(messages)
    for message in messages:
        await deliveries.again([message])
    assert await deliveries.shown(task.id) == before


@settings(max_examples=25, deadline=None, phases=QUICKLY, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(delivered=st.permutations([*range(24)] * 2), cuts=st.sets(st.integers(1, 47), max_size=12))
async def test_batches_show_what_one_by_one_shows(deliveries: Deliveries, delivered: list[int], cuts: set[int]) -> None:
    """P14, P15 as a property: everything twice, in any order, cut into any batches, is what hearing it alone shows."""
    await deliveries.forget()
    first, second = (TaskId(UUID(int=number)) for number in (11, 12))
    ways = [event for both in zip(whole_way(first), whole_way(second), strict=True) for event in both]
    messages = [message_of(event, AT + timedelta(hours=hour)) for hour, event in enumerate(ways)]
    for message in messages:
        await deliveries.again([message])
    alone = await deliveries.projections()
    await deliveries.forget()
    for start, end in pairwise([0, *sorted(cuts), len(delivered)]):
        await deliveries.again([messages[number] for number in delivered[start:end]])
    assert await deliveries.projections() == alone
    assert {state for _, state in alone[1]} == {TaskState.VERIFIED}


async def test_batches_about_the_same_tasks_never_wait_in_a_circle(deliveries: Deliveries) -> None:
    """P15: services that hear different topics move the same tasks in opposite order, and none is broken off."""
    many = [TaskId(uuid4()) for _ in range(150)]
    batches = []
    for turn, place in enumerate((0, 1, 2, 5, 8, 11)):
        events = [whole_way(task_id)[place] for task_id in (many if turn % 2 else reversed(many))]
        batches.append([message_of(event, AT) for event in events])
    await asyncio.gather(*(deliveries.again(batch) for batch in batches))
    async with deliveries.db.reading() as session:
        parts = (await session.execute(text("SELECT count(DISTINCT xmin::text) FROM fact"))).scalar_one()
    assert parts == len(batches)
    assert {state for _, state in (await deliveries.projections())[1]} == {TaskState.VERIFIED}


async def test_facts_wait_for_their_task(deliveries: Deliveries) -> None:
    """P14: a fact about a task that isn't known here is kept, and nothing fails."""
    stranger = TaskId(uuid4())
    await deliveries.hear(*whole_way(stranger)[1:3])
    async with deliveries.db.reading() as session:
        assert await tasks.found(session, stranger) is None
        assert len(await facts.of_task(session, stranger)) == 2


async def test_own_facts_come_from_the_own_topic(deliveries: Deliveries) -> None:
    """P14: selecting alone puts nothing on the timeline; hearing it does."""
    task = await deliveries.selected()
    assert (await deliveries.shown(task.id)).timeline == []
    await deliveries.hear(whole_way(task.id)[0])
    assert [fact.type for fact in (await deliveries.shown(task.id)).timeline] == ["proposal.task-selected.v1"]


async def test_no_referral_beside_the_threshold(deliveries: Deliveries) -> None:
    """P13: what the threshold brought to the Committee isn't referred as well."""
    task = await deliveries.selected()
    await deliveries.hear(*whole_way(task.id)[:3])
    with pytest.raises(ThresholdAlreadyReached):
        async with deliveries.db.transaction() as tx:
            await handlers.refer_task(tx, task.id, "urgent", "")


async def test_tasks_are_listed_by_what_was_heard(deliveries: Deliveries) -> None:
    """P15: a list by state shows the furthest step, and a task nobody spoke of as selected."""
    silent, received = await deliveries.selected(), await deliveries.selected()
    await deliveries.hear(*whole_way(received.id)[:2])

    async def listed(state: TaskState | None) -> list[Any]:
        async with deliveries.db.reading() as session:
            return [each.task.id for each in await tasks.page(session, state, None, 10)]

    assert await listed(TaskState.VOTING) == [received.id]
    assert await listed(TaskState.SELECTED) == [silent.id]
    assert await listed(None) == [received.id, silent.id]
