"""C1-C3: cases open and are placed by themselves, whatever comes twice, together or from both sides."""

import asyncio
from collections.abc import Callable
from uuid import uuid4

import pytest

from committee.consumers import subscriptions
from services.committee.tests.api import CommitteeApi, passed, referred
from townhall.contracts import Event
from townhall.contracts.values import TaskId
from townhall.testing import deliver_events, deliver_messages

Fact = Callable[[TaskId], Event]
pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_threshold_heard_twice_opens_one_case(api: CommitteeApi) -> None:
    """C1: the same event again, and the passing of a later rule version, change nothing."""
    task_id = TaskId(uuid4())
    messages = await deliver_events(api.db, subscriptions(), passed(task_id))
    await deliver_messages(api.db, subscriptions(), messages)
    await deliver_events(api.db, subscriptions(), passed(task_id))
    await deliver_events(api.db, subscriptions(), passed(task_id, version=2))
    (case,) = (await api.done("GET", f"/cases?task_id={task_id}"))["items"]
    assert (case["cause"], case["state"], case["overdue"]) == ("threshold", "opened", False)
    assert [each["rule"]["version"] for each in case["causes"]] == [1, 2]
    assert [each["type"] for each in await api.events()] == ["case-opened"]


@pytest.mark.parametrize("order", [(passed, referred), (referred, passed)])
async def test_threshold_and_referral_make_one_case(api: CommitteeApi, order: tuple[Fact, Fact]) -> None:
    """C1: what comes second is kept as a further cause, with its reason."""
    task_id = TaskId(uuid4())
    for fact in order:
        await deliver_events(api.db, subscriptions(), fact(task_id))
    (case,) = (await api.done("GET", "/cases"))["items"]
    assert case["cause"] == ("threshold" if order[0] is passed else "referral")
    assert {each["cause"]: each["reason"] for each in case["causes"]} == {"threshold": "", "referral": "urgent"}
    assert len(await api.events("case-opened")) == 1


async def test_threshold_and_referral_at_once_make_one_case(api: CommitteeApi) -> None:
    """C1, C3: 12 tasks, both causes in parallel, room for 5: twelve cases, five docketed, no place given twice."""
    await api.sitting(capacity=5)
    tasks = [TaskId(uuid4()) for _ in range(12)]
    both = [fact for task_id in tasks for fact in (passed(task_id), referred(task_id))]
    await asyncio.gather(*(deliver_events(api.db, subscriptions(), fact) for fact in both))
    assert await api.count('SELECT count(*) FROM "case"') == 12
    assert await api.count("SELECT count(*) FROM cause") == 24
    assert await api.count("SELECT count(DISTINCT position) FROM docket WHERE position <= 5") == 5
    assert (len(await api.events("case-opened")), len(await api.events("case-docketed"))) == (12, 5)
    assert await api.count("SELECT count(*) FROM dead_letter") == 0


async def test_all_causes_of_a_task_in_one_batch_make_one_case(api: CommitteeApi) -> None:
    """C1: the first opens the case; the others, and those of tasks known before, are kept beside it."""
    known, new = TaskId(uuid4()), TaskId(uuid4())
    await deliver_events(api.db, subscriptions(), passed(known))
    received = (
        passed(new),
        passed(new, version=2),
        referred(known),
        referred(new),
        passed(known, version=2),
        passed(new),
    )
    await deliver_events(api.db, subscriptions(), *received)
    for task_id in (known, new):
        (case,) = (await api.done("GET", f"/cases?task_id={task_id}"))["items"]
        assert case["cause"] == "threshold"
        assert sorted(each["cause"] for each in case["causes"]) == ["referral", "threshold", "threshold"]
    assert len(await api.events("case-opened")) == 2
    assert await api.count("SELECT count(DISTINCT xmin::text) FROM inbox") == 2


async def test_a_batch_of_events_is_placed_in_one_transaction(api: CommitteeApi) -> None:
    """C2, C3: many thresholds in one batch fill the sittings in starting order."""
    later, sooner = await api.sitting(hours=9, capacity=2), await api.sitting(hours=3, capacity=2)
    await deliver_events(api.db, subscriptions(), *(passed(TaskId(uuid4())) for _ in range(5)))
    full = [await api.done("GET", f"/sittings/{each}") for each in (sooner, later)]
    assert [len(each["cases"]) for each in full] == [2, 2]
    assert len((await api.done("GET", "/cases?state=opened"))["items"]) == 1


async def test_the_oldest_waiting_case_comes_first(api: CommitteeApi) -> None:
    """C2: cases that wait go on a sitting when it is called, in the order they were opened."""
    first, second, third = await api.opened(3)
    sitting_id = await api.sitting(capacity=2)
    assert (await api.done("GET", f"/sittings/{sitting_id}"))["cases"] == [str(first), str(second)]
    assert (await api.case(third))["state"] == "opened"
    told = await api.events("case-docketed")
    assert [each["case_id"] for each in told] == [str(first), str(second)]
    assert all(each["rule"]["version"] == 1 and each["sitting_id"] == sitting_id for each in told)


async def test_sittings_called_at_once_share_the_waiting_cases(api: CommitteeApi) -> None:
    """C2, C3: ten cases, six sittings for two called in parallel: each case once, no sitting too full."""
    await api.opened(10)
    await asyncio.gather(*(api.sitting(hours=hour + 1, capacity=2) for hour in range(6)))
    assert await api.count("SELECT count(*) FROM docket") == 10
    assert await api.count("SELECT max(taken) FROM sitting") == 2
    assert await api.count("""SELECT count(*) FROM "case" WHERE state = 'docketed'""") == 10
