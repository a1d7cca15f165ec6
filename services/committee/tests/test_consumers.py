"""C1 to C3: consumed events open cases and docket them, also when redelivered or in parallel."""

import asyncio
from collections.abc import Callable
from uuid import uuid4

import pytest

from committee.consumers import subscriptions
from services.committee.tests.api import CommitteeApi, task_referred, threshold_reached
from townhall.contracts import Event
from townhall.contracts.values import TaskId
from townhall.testing import deliver_events, deliver_messages

EventFactory = Callable[[TaskId], Event]
pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_redelivered_threshold_opens_one_case(api: CommitteeApi) -> None:
    """C1: a redelivered event changes nothing; the threshold of a later rule version is recorded as a further cause."""
    task_id = TaskId(uuid4())
    messages = await deliver_events(api.db, subscriptions(), threshold_reached(task_id))
    await deliver_messages(api.db, subscriptions(), messages)
    await deliver_events(api.db, subscriptions(), threshold_reached(task_id))
    await deliver_events(api.db, subscriptions(), threshold_reached(task_id, version=2))
    (case,) = (await api.json("GET", f"/cases?task_id={task_id}"))["items"]
    assert (case["cause"], case["state"], case["overdue"]) == ("threshold", "opened", False)
    assert [each["rule"]["version"] for each in case["causes"]] == [1, 2]
    assert [each["type"] for each in await api.events()] == ["case-opened"]


@pytest.mark.parametrize("order", [(threshold_reached, task_referred), (task_referred, threshold_reached)])
async def test_threshold_and_referral_make_one_case(
    api: CommitteeApi, order: tuple[EventFactory, EventFactory]
) -> None:
    """C1: the second event is recorded as a further cause, with its reason."""
    task_id = TaskId(uuid4())
    for event_of in order:
        await deliver_events(api.db, subscriptions(), event_of(task_id))
    (case,) = (await api.json("GET", "/cases"))["items"]
    assert case["cause"] == ("threshold" if order[0] is threshold_reached else "referral")
    assert {each["cause"]: each["reason"] for each in case["causes"]} == {"threshold": "", "referral": "urgent"}
    assert len(await api.events("case-opened")) == 1


async def test_parallel_threshold_and_referral_make_one_case(api: CommitteeApi) -> None:
    """C1, C3: both causes of 12 tasks in parallel, room for 5: 12 cases, five docketed, no position assigned twice."""
    await api.sitting(capacity=5)
    tasks = [TaskId(uuid4()) for _ in range(12)]
    both = [event for task_id in tasks for event in (threshold_reached(task_id), task_referred(task_id))]
    await asyncio.gather(*(deliver_events(api.db, subscriptions(), event) for event in both))
    assert await api.count('SELECT count(*) FROM "case"') == 12
    assert await api.count("SELECT count(*) FROM cause") == 24
    assert await api.count("SELECT count(DISTINCT position) FROM docket WHERE position <= 5") == 5
    assert (len(await api.events("case-opened")), len(await api.events("case-docketed"))) == (12, 5)
    assert await api.count("SELECT count(*) FROM dead_letter") == 0


async def test_all_causes_of_a_task_in_one_batch_make_one_case(api: CommitteeApi) -> None:
    """C1: the first cause opens the case; the others, and those of existing cases, are recorded."""
    known, new = TaskId(uuid4()), TaskId(uuid4())
    await deliver_events(api.db, subscriptions(), threshold_reached(known))
    received = (
        threshold_reached(new),
        threshold_reached(new, version=2),
        task_referred(known),
        task_referred(new),
        threshold_reached(known, version=2),
        threshold_reached(new),
    )
    await deliver_events(api.db, subscriptions(), *received)
    for task_id in (known, new):
        (case,) = (await api.json("GET", f"/cases?task_id={task_id}"))["items"]
        assert case["cause"] == "threshold"
        assert sorted(each["cause"] for each in case["causes"]) == ["referral", "threshold", "threshold"]
    assert len(await api.events("case-opened")) == 2
    assert await api.count("SELECT count(DISTINCT xmin::text) FROM inbox") == 2


async def test_a_batch_of_events_is_docketed_in_one_transaction(api: CommitteeApi) -> None:
    """C2, C3: five thresholds in one batch fill two sittings for two, and one case waits."""
    later, sooner = await api.sitting(hours=9, capacity=2), await api.sitting(hours=3, capacity=2)
    await deliver_events(api.db, subscriptions(), *(threshold_reached(TaskId(uuid4())) for _ in range(5)))
    full = [await api.json("GET", f"/sittings/{each}") for each in (sooner, later)]
    assert [len(each["cases"]) for each in full] == [2, 2]
    assert len((await api.json("GET", "/cases?state=opened"))["items"]) == 1


async def test_the_oldest_waiting_case_is_docketed_first(api: CommitteeApi) -> None:
    """C2, C20: a new sitting gets the waiting cases in the order of their opening, and the events name the rule."""
    first, second, third = await api.opened(3)
    sitting_id = await api.sitting(capacity=2)
    assert (await api.json("GET", f"/sittings/{sitting_id}"))["cases"] == [str(first), str(second)]
    assert (await api.case(third))["state"] == "opened"
    events = await api.events("case-docketed")
    assert [each["case_id"] for each in events] == [str(first), str(second)]
    assert all(each["rule"]["version"] == 1 and each["sitting_id"] == sitting_id for each in events)


async def test_sittings_called_in_parallel_share_the_waiting_cases(api: CommitteeApi) -> None:
    """C2, C3: ten cases, six sittings for two called in parallel: each case is docketed once, no sitting overfilled."""
    await api.opened(10)
    await asyncio.gather(*(api.sitting(hours=hour + 1, capacity=2) for hour in range(6)))
    assert await api.count("SELECT count(*) FROM docket") == 10
    assert await api.count("SELECT max(taken) FROM sitting") == 2
    assert await api.count("""SELECT count(*) FROM "case" WHERE state = 'docketed'""") == 10
