"""The consumers: timelines are the same after redelivery, late delivery, and delivery in any order."""

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

from proposal.consumers import subscriptions
from proposal.domain.referral import ThresholdAlreadyReached
from proposal.domain.timeline import TaskState
from proposal.handlers.tasks import refer_task
from proposal.store import tasks, timeline
from services.proposal.tests.deliveries import AT, Deliveries, all_events
from townhall.contracts import CATALOGUE, committee, evaluation, proposal, voting
from townhall.contracts.values import TaskId
from townhall.testing import message_of

NO_SHRINKING = (Phase.explicit, Phase.reuse, Phase.generate)
"""Report a failing example as it was found: each attempt to shrink it would take about a second."""


def test_every_event_about_a_task_is_consumed() -> None:
    """P14: every event type of the catalogue with a `task_id` is consumed, a new one without further code."""
    consumed = {kind for each in subscriptions() for kind in each.consumes}
    assert consumed == {kind for kind in CATALOGUE.values() if "task_id" in kind.model_fields}
    assert {each.topic for each in subscriptions()} == {proposal.TOPIC, voting.TOPIC, committee.TOPIC, evaluation.TOPIC}


async def test_a_timeline_from_selection_to_verification(deliveries: Deliveries) -> None:
    """P14, P15: all events in their order, and the furthest state."""
    task = await deliveries.task()
    events = all_events(task.id)
    await deliveries.deliver(*events)
    shown = await deliveries.response(task.id)
    assert shown.state is TaskState.VERIFIED
    assert {fact.type for fact in shown.timeline} == {event.TYPE for event in events}
    assert [fact.at for fact in shown.timeline] == sorted(fact.at for fact in shown.timeline)
    reached = next(fact for fact in shown.timeline if fact.type == voting.ThresholdReached.TYPE)
    assert (reached.source, reached.facts["yes"], reached.facts["rule"]["version"]) == ("voting", 4, 1)
    assert "task_id" not in reached.facts


async def test_redelivery(deliveries: Deliveries) -> None:
    """P14: redelivery, of the whole batch or of parts, changes nothing."""
    task = await deliveries.task()
    messages = await deliveries.deliver(*all_events(task.id))
    first = await deliveries.response(task.id)
    await deliveries.redeliver(messages)
    await deliveries.redeliver(messages[3:5] + messages[3:5])
    assert await deliveries.response(task.id) == first


async def test_redelivery_after_the_inbox_was_lost(deliveries: Deliveries) -> None:
    """P14: without the inbox no event is recorded twice, since its id is the primary key of its fact."""
    task = await deliveries.task()
    messages = await deliveries.deliver(*all_events(task.id))
    first = await deliveries.response(task.id)
    async with deliveries.db.transaction() as tx:
        await tx.session.execute(text("TRUNCATE inbox"))
    await deliveries.redeliver(messages)
    assert await deliveries.response(task.id) == first
    async with deliveries.db.reading() as session:
        assert (await session.execute(text("SELECT count(*) FROM dead_letter"))).scalar_one() == 0


@pytest.mark.parametrize("seed", range(5))
async def test_any_order_of_delivery_gives_the_same_timeline(deliveries: Deliveries, seed: int) -> None:
    """P14, P15: events replayed into empty projections in any order give the same timeline and state."""
    task = await deliveries.task()
    messages = [message_of(event, AT + timedelta(hours=hour)) for hour, event in enumerate(all_events(task.id))]
    await deliveries.redeliver(messages)
    before = await deliveries.response(task.id)
    await deliveries.truncate_projections()
    assert (await deliveries.response(task.id)).timeline == []
    random.Random(seed).shuffle(messages)
    for message in messages:
        await deliveries.redeliver([message])
    assert await deliveries.response(task.id) == before


@settings(
    max_examples=25, deadline=None, phases=NO_SHRINKING, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(order=st.permutations([*range(24)] * 2), cuts=st.sets(st.integers(1, 47), max_size=12))
async def test_batches_give_the_same_projections(deliveries: Deliveries, order: list[int], cuts: set[int]) -> None:
    """P14, P15: all events twice, in any order and any batches, give the projections of one-by-one delivery."""
    await deliveries.truncate_projections()
    first, second = (TaskId(UUID(int=number)) for number in (11, 12))
    events = [event for both in zip(all_events(first), all_events(second), strict=True) for event in both]
    messages = [message_of(event, AT + timedelta(hours=hour)) for hour, event in enumerate(events)]
    for message in messages:
        await deliveries.redeliver([message])
    expected = await deliveries.projections()
    await deliveries.truncate_projections()
    for start, end in pairwise([0, *sorted(cuts), len(order)]):
        await deliveries.redeliver([messages[number] for number in order[start:end]])
    assert await deliveries.projections() == expected
    assert {state for _, state in expected[1]} == {TaskState.VERIFIED}


async def test_parallel_batches_about_the_same_tasks_never_deadlock(deliveries: Deliveries) -> None:
    """P15: six parallel batches that name the same tasks in opposite orders are all committed."""
    many = [TaskId(uuid4()) for _ in range(150)]
    batches = []
    for number, index in enumerate((0, 1, 2, 5, 8, 11)):
        events = [all_events(task_id)[index] for task_id in (many if number % 2 else reversed(many))]
        batches.append([message_of(event, AT) for event in events])
    await asyncio.gather(*(deliveries.redeliver(batch) for batch in batches))
    async with deliveries.db.reading() as session:
        transactions = (await session.execute(text("SELECT count(DISTINCT xmin::text) FROM fact"))).scalar_one()
    assert transactions == len(batches)
    assert {state for _, state in (await deliveries.projections())[1]} == {TaskState.VERIFIED}


async def test_facts_about_an_unknown_task(deliveries: Deliveries) -> None:
    """P14: events about a task that isn't known here yet are stored."""
    unknown = TaskId(uuid4())
    await deliveries.deliver(*all_events(unknown)[1:3])
    async with deliveries.db.reading() as session:
        assert await tasks.get(session, unknown) is None
        assert len(await timeline.facts_of(session, unknown)) == 2


async def test_own_events_arrive_through_the_topic(deliveries: Deliveries) -> None:
    """P14: a selection is on the timeline when its event is delivered, not before."""
    task = await deliveries.task()
    assert (await deliveries.response(task.id)).timeline == []
    await deliveries.deliver(all_events(task.id)[0])
    assert [fact.type for fact in (await deliveries.response(task.id)).timeline] == ["proposal.task-selected.v1"]


async def test_no_referral_after_the_threshold(deliveries: Deliveries) -> None:
    """P13: a task whose threshold was reached isn't referred."""
    task = await deliveries.task()
    await deliveries.deliver(*all_events(task.id)[:3])
    with pytest.raises(ThresholdAlreadyReached):
        async with deliveries.db.transaction() as tx:
            await refer_task(tx, task.id, "urgent", "")


async def test_tasks_by_state(deliveries: Deliveries) -> None:
    """P15: a list by state uses the furthest state; a task without events is `selected`."""
    no_events, opened = await deliveries.task(), await deliveries.task()
    await deliveries.deliver(*all_events(opened.id)[:2])

    async def listed(state: TaskState | None) -> list[Any]:
        async with deliveries.db.reading() as session:
            return [each.task.id for each in await tasks.page(session, state, None, 10)]

    assert await listed(TaskState.VOTING) == [opened.id]
    assert await listed(TaskState.SELECTED) == [no_events.id]
    assert await listed(None) == [opened.id, no_events.id]
