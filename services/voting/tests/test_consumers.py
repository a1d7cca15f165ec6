"""What voting hears of tasks, once each, in whatever way the bus tells it."""

from datetime import timedelta

import pytest
from sqlalchemy import text

from services.voting.tests.harness import KEYRING, VotingHarness, task
from townhall.testing.deliveries import deliver_events, deliver_messages
from voting.consumers import subscriptions

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_selected_task_is_put_to_the_vote(harness: VotingHarness) -> None:
    """V1: the same event twice, and another event about the same task, change nothing more."""
    async with harness.db.transaction() as tx:
        selected, later = task(tx.now), task(tx.now, opens=timedelta(days=1))
    received = await deliver_events(harness.db, subscriptions(KEYRING), selected, later)
    await deliver_messages(harness.db, subscriptions(KEYRING), received)
    await deliver_events(harness.db, subscriptions(KEYRING), selected)
    assert [kind for kind, _ in await harness.announced(selected.task_id)] == ["vote-scheduled", "vote-opened"]
    assert [kind for kind, _ in await harness.announced(later.task_id)] == ["vote-scheduled"]


async def test_a_task_without_a_period_fails_no_other(harness: VotingHarness) -> None:
    """V1: it is refused, and those delivered with it are put to the vote."""
    async with harness.db.transaction() as tx:
        wrong, right = task(tx.now, opens=timedelta(0), closes=timedelta(0)), task(tx.now)
    await deliver_events(harness.db, subscriptions(KEYRING), wrong, right)
    assert await harness.announced(wrong.task_id) == []
    assert len(await harness.announced(right.task_id)) == 2


async def test_tasks_that_come_together_are_put_to_the_vote_together(harness: VotingHarness) -> None:
    """V1, V2: each opens at its time under the rule of then, and a task named twice is scheduled as it was first."""
    async with harness.db.transaction() as tx:
        now, later = [task(tx.now) for _ in range(3)], task(tx.now, opens=timedelta(days=1))
        again = now[0].model_copy(update={"title": "다른 제목", "opens_at": tx.now + timedelta(days=2)})
    await deliver_events(harness.db, subscriptions(KEYRING), *now, again, later)
    for selected in now:
        assert [kind for kind, _ in await harness.announced(selected.task_id)] == ["vote-scheduled", "vote-opened"]
    assert [kind for kind, _ in await harness.announced(later.task_id)] == ["vote-scheduled"]
    assert (await harness.shown(now[0].task_id)).vote.title == now[0].title
    async with harness.db.reading() as session:
        parts = (await session.execute(text("SELECT count(DISTINCT xmin::text) FROM inbox"))).scalar_one()
        keys = (await session.execute(text("SELECT count(DISTINCT wrapped_key) FROM vote"))).scalar_one()
    assert (parts, keys) == (1, 4)


async def test_a_task_known_before_is_no_news_among_others(harness: VotingHarness) -> None:
    """V1: of a batch, only what was not scheduled before is announced."""
    async with harness.db.transaction() as tx:
        known, new = task(tx.now), task(tx.now)
    await deliver_events(harness.db, subscriptions(KEYRING), known)
    await deliver_events(harness.db, subscriptions(KEYRING), new, known)
    for selected in (known, new):
        assert [kind for kind, _ in await harness.announced(selected.task_id)] == ["vote-scheduled", "vote-opened"]
