"""Hearing: the timeline is the same whatever comes twice, late, or in another order."""

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
from services.proposal.tests.ear import AT, Ear, whole_way
from townhall.contracts import CATALOGUE, committee, evaluation, proposal, voting
from townhall.contracts.values import (
    TaskId,
)
from townhall.testing import message_of

QUICKLY = (Phase.explicit, Phase.reuse, Phase.generate)
"""A failure is told as it was found: each attempt to make it smaller would take the database a second."""


def test_every_event_about_a_task_is_heard() -> None:
    """P14: a new type of event with a task is on the timeline without anybody remembering to add it."""
    heard = {kind for each in subscriptions() for kind in each.hears}
    assert heard == {kind for kind in CATALOGUE.values() if "task_id" in kind.model_fields}
    assert {each.topic for each in subscriptions()} == {proposal.TOPIC, voting.TOPIC, committee.TOPIC, evaluation.TOPIC}


async def test_the_whole_way_is_shown(ear: Ear) -> None:
    """P14, P15: all facts in their order, and the furthest step as the state."""
    task = await ear.selected()
    way = whole_way(task.id)
    await ear.hear(*way)
    shown = await ear.shown(task.id)
    assert shown.state is TaskState.VERIFIED
    assert {fact.type for fact in shown.timeline} == {event.TYPE for event in way}
    assert [fact.at for fact in shown.timeline] == sorted(fact.at for fact in shown.timeline)
    reached = next(fact for fact in shown.timeline if fact.type == voting.ThresholdReached.TYPE)
    assert (reached.source, reached.facts["yes"], reached.facts["rule"]["version"]) == ("voting", 4, 1)
    assert "task_id" not in reached.facts


async def test_delivered_twice_is_shown_once(ear: Ear) -> None:
    """P14: redelivery, in a batch or alone, changes nothing."""
    task = await ear.selected()
    messages = await ear.hear(*whole_way(task.id))
    once = await ear.shown(task.id)
    await ear.again(messages)
    await ear.again(messages[3:5] + messages[3:5])
    assert await ear.shown(task.id) == once


async def test_each_fact_once_even_without_an_inbox(ear: Ear) -> None:
    """P14: a lost inbox doubles nothing, since facts have the event's own id."""
    task = await ear.selected()
    messages = await ear.hear(*whole_way(task.id))
    once = await ear.shown(task.id)
    async with ear.db.transaction() as tx:
        await tx.session.execute(text("TRUNCATE inbox"))
    await ear.again(messages)
    assert await ear.shown(task.id) == once
    async with ear.db.reading() as session:
        assert (await session.execute(text("SELECT count(*) FROM aside"))).scalar_one() == 0


@pytest.mark.parametrize("seed", range(5))
async def test_any_order_of_topics_shows_the_same(ear: Ear, seed: int) -> None:
    """P14, P15: topics aren't ordered: replayed into emptied projections in any order, all is back."""
    task = await ear.selected()
    messages = [message_of(event, AT + timedelta(hours=hour)) for hour, event in enumerate(whole_way(task.id))]
    await ear.again(messages)
    before = await ear.shown(task.id)
    await ear.forget()
    assert (await ear.shown(task.id)).timeline == []
    random.Random(seed).shuffle(messages)
    for message in messages:
        await ear.again([message])
    assert await ear.shown(task.id) == before


@settings(max_examples=25, deadline=None, phases=QUICKLY, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(delivered=st.permutations([*range(24)] * 2), cuts=st.sets(st.integers(1, 47), max_size=12))
async def test_batches_show_what_one_by_one_shows(ear: Ear, delivered: list[int], cuts: set[int]) -> None:
    """P14, P15 as a property: everything twice, in any order, cut into any batches, is what hearing it alone shows."""
    await ear.forget()
    first, second = (TaskId(UUID(int=number)) for number in (11, 12))
    ways = [event for both in zip(whole_way(first), whole_way(second), strict=True) for event in both]
    messages = [message_of(event, AT + timedelta(hours=hour)) for hour, event in enumerate(ways)]
    for message in messages:
        await ear.again([message])
    alone = await ear.projections()
    await ear.forget()
    for start, end in pairwise([0, *sorted(cuts), len(delivered)]):
        await ear.again([messages[number] for number in delivered[start:end]])
    assert await ear.projections() == alone
    assert {state for _, state in alone[1]} == {TaskState.VERIFIED}


async def test_batches_about_the_same_tasks_never_wait_in_a_circle(ear: Ear) -> None:
    """P15: services that hear different topics move the same tasks in opposite order, and none is broken off."""
    many = [TaskId(uuid4()) for _ in range(150)]
    batches = []
    for turn, place in enumerate((0, 1, 2, 5, 8, 11)):
        events = [whole_way(task_id)[place] for task_id in (many if turn % 2 else reversed(many))]
        batches.append([message_of(event, AT) for event in events])
    await asyncio.gather(*(ear.again(batch) for batch in batches))
    async with ear.db.reading() as session:
        parts = (await session.execute(text("SELECT count(DISTINCT xmin::text) FROM fact"))).scalar_one()
    assert parts == len(batches)
    assert {state for _, state in (await ear.projections())[1]} == {TaskState.VERIFIED}


async def test_facts_wait_for_their_task(ear: Ear) -> None:
    """P14: a fact about a task that isn't known here is kept, and nothing fails."""
    stranger = TaskId(uuid4())
    await ear.hear(*whole_way(stranger)[1:3])
    async with ear.db.reading() as session:
        assert await tasks.found(session, stranger) is None
        assert len(await facts.of_task(session, stranger)) == 2


async def test_own_facts_come_from_the_own_topic(ear: Ear) -> None:
    """P14: selecting alone puts nothing on the timeline; hearing it does."""
    task = await ear.selected()
    assert (await ear.shown(task.id)).timeline == []
    await ear.hear(whole_way(task.id)[0])
    assert [fact.type for fact in (await ear.shown(task.id)).timeline] == ["proposal.task-selected.v1"]


async def test_no_referral_beside_the_threshold(ear: Ear) -> None:
    """P13: what the threshold brought to the Committee isn't referred as well."""
    task = await ear.selected()
    await ear.hear(*whole_way(task.id)[:3])
    with pytest.raises(ThresholdAlreadyReached):
        async with ear.db.transaction() as tx:
            await handlers.refer_task(tx, task.id, "urgent", "")


async def test_tasks_are_listed_by_what_was_heard(ear: Ear) -> None:
    """P15: a list by state shows the furthest step, and a task nobody spoke of as selected."""
    silent, heard = await ear.selected(), await ear.selected()
    await ear.hear(*whole_way(heard.id)[:2])

    async def listed(state: TaskState | None) -> list[Any]:
        async with ear.db.reading() as session:
            return [each.task.id for each in await tasks.page(session, state, None, 10)]

    assert await listed(TaskState.VOTING) == [heard.id]
    assert await listed(TaskState.SELECTED) == [silent.id]
    assert await listed(None) == [heard.id, silent.id]
