"""What voting hears of tasks, once each, in whatever way the bus tells it."""

from datetime import timedelta

import pytest

from services.voting.tests.polls import KEYRING, Polls, task
from townhall.testing.hearing import hear, take
from voting.consumers import subscriptions

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_selected_task_is_put_to_the_vote(polls: Polls) -> None:
    """V1: the same event twice, and another event about the same task, change nothing more."""
    async with polls.db.transaction() as tx:
        selected, later = task(tx.now), task(tx.now, opens=timedelta(days=1))
    heard = await hear(polls.db, subscriptions(KEYRING), selected, later)
    await take(polls.db, subscriptions(KEYRING), heard)
    await hear(polls.db, subscriptions(KEYRING), selected)
    assert [kind for kind, _ in await polls.announced(selected.task_id)] == ["vote-scheduled", "vote-opened"]
    assert [kind for kind, _ in await polls.announced(later.task_id)] == ["vote-scheduled"]


async def test_a_task_without_a_period_fails_no_other(polls: Polls) -> None:
    """V1: it is refused, and those delivered with it are put to the vote."""
    async with polls.db.transaction() as tx:
        wrong, right = task(tx.now, opens=timedelta(0), closes=timedelta(0)), task(tx.now)
    await hear(polls.db, subscriptions(KEYRING), wrong, right)
    assert await polls.announced(wrong.task_id) == []
    assert len(await polls.announced(right.task_id)) == 2
