"""Consuming selected tasks: one vote each, however the events are batched or repeated."""

from datetime import timedelta

import pytest
from sqlalchemy import text

from services.voting.tests.harness import KEYRING, VotingHarness, task
from townhall.testing.deliveries import deliver_events, deliver_messages
from voting.consumers import subscriptions

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_selected_task_gets_a_vote(harness: VotingHarness) -> None:
    """V1: a redelivered message, and a second event about the same task, change nothing."""
    async with harness.db.transaction() as tx:
        selected, later = task(tx.now), task(tx.now, opens=timedelta(days=1))
    received = await deliver_events(harness.db, subscriptions(KEYRING), selected, later)
    await deliver_messages(harness.db, subscriptions(KEYRING), received)
    await deliver_events(harness.db, subscriptions(KEYRING), selected)
    assert [kind for kind, _ in await harness.announced(selected.task_id)] == ["vote-scheduled", "vote-opened"]
    assert [kind for kind, _ in await harness.announced(later.task_id)] == ["vote-scheduled"]


async def test_a_task_with_an_empty_period_fails_no_other(harness: VotingHarness) -> None:
    """V1: it is refused, and tasks in the same batch get their votes."""
    async with harness.db.transaction() as tx:
        wrong, right = task(tx.now, opens=timedelta(0), closes=timedelta(0)), task(tx.now)
    await deliver_events(harness.db, subscriptions(KEYRING), wrong, right)
    assert await harness.announced(wrong.task_id) == []
    assert len(await harness.announced(right.task_id)) == 2


async def test_a_batch_is_one_transaction(harness: VotingHarness) -> None:
    """V1, V2: each vote of a batch is scheduled; of two events about a task the first counts."""
    async with harness.db.transaction() as tx:
        now, later = [task(tx.now) for _ in range(3)], task(tx.now, opens=timedelta(days=1))
        again = now[0].model_copy(update={"title": "다른 제목", "opens_at": tx.now + timedelta(days=2)})
    await deliver_events(harness.db, subscriptions(KEYRING), *now, again, later)
    for selected in now:
        assert [kind for kind, _ in await harness.announced(selected.task_id)] == ["vote-scheduled", "vote-opened"]
    assert [kind for kind, _ in await harness.announced(later.task_id)] == ["vote-scheduled"]
    assert (await harness.details(now[0].task_id)).vote.title == now[0].title
    async with harness.db.reading() as session:
        transactions = (await session.execute(text("SELECT count(DISTINCT xmin::text) FROM inbox"))).scalar_one()
        keys = (await session.execute(text("SELECT count(DISTINCT wrapped_key) FROM vote"))).scalar_one()
    assert (transactions, keys) == (1, 4)


async def test_a_known_task_in_a_batch_is_not_announced_again(harness: VotingHarness) -> None:
    """V1: of a batch, only votes that are new are announced."""
    async with harness.db.transaction() as tx:
        known, new = task(tx.now), task(tx.now)
    await deliver_events(harness.db, subscriptions(KEYRING), known)
    await deliver_events(harness.db, subscriptions(KEYRING), new, known)
    for selected in (known, new):
        assert [kind for kind, _ in await harness.announced(selected.task_id)] == ["vote-scheduled", "vote-opened"]
