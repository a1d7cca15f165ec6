"""The gauges of votes, and the recount of closed votes."""

from dataclasses import replace
from datetime import timedelta

import pytest
from prometheus_client import REGISTRY
from sqlalchemy import TextClause, text

from services.voting.tests.harness import VotingHarness, cast_ballots
from townhall.contracts.values import TaskId
from voting.handlers.gauges import update_gauges
from voting.handlers.recounts import Recounts

pytestmark = pytest.mark.asyncio(loop_scope="session")

LATER = timedelta(minutes=1)
CHANGE = text(
    """
    UPDATE current_ballot SET choice = NOT choice, id = nextval('ballot_id')
    WHERE id = (
        SELECT current_ballot.id FROM current_ballot JOIN vote ON vote.id = vote_id
        WHERE task_id = :task_id AND choice = :choice ORDER BY current_ballot.id LIMIT 1
    )
    """
)
"""A ballot of the vote with this choice is replaced, and the totals stay."""


def value(name: str, **labels: str) -> float:
    """Return a sample's value; 0 if it was never set."""
    return REGISTRY.get_sample_value(name, labels) or 0.0


async def execute(harness: VotingHarness, statement: TextClause, **values: object) -> None:
    """Execute a statement that no handler would."""
    async with harness.db.transaction() as tx:
        await tx.session.execute(statement, values)


async def update(harness: VotingHarness) -> None:
    """Run the timer of the gauges once, in a minute."""
    async with harness.db.transaction() as tx:
        await update_gauges(replace(tx, now=tx.now + LATER))


async def recount(harness: VotingHarness, recounts: Recounts, runs: int) -> None:
    """Run the timer of the recounts so many times."""
    for _ in range(runs):
        async with harness.db.transaction() as tx:
            assert await recounts.recount_next(tx) == 0


async def ended(harness: VotingHarness) -> list[TaskId]:
    """Return two votes whose time is over; the ballots of each reached the threshold."""
    await harness.enact(more_than=1)
    tasks = [await harness.schedule(closes=timedelta(seconds=3)) for _ in range(2)]
    for task_id in tasks:
        await harness.count(cast_ballots(task_id, yes=["a", "b"], no=["c"]))
    for task_id in tasks:
        await harness.until_closing_time(task_id)
    return tasks


async def test_gauges_of_votes(harness: VotingHarness) -> None:
    """By state, past their threshold, and overdue: here two that should have been closed."""
    await ended(harness)
    await harness.schedule(opens=timedelta(days=1))
    await update(harness)
    assert [value("voting_votes", state=each) for each in ("scheduled", "open", "closed")] == [1, 2, 0]
    assert (value("voting_votes_past_threshold"), value("voting_votes_overdue")) == (2, 2)
    await harness.run_timers()
    await update(harness)
    assert (value("voting_votes", state="closed"), value("voting_votes_overdue")) == (2, 0)


async def test_a_recount_finds_a_changed_ballot(harness: VotingHarness) -> None:
    """V6: a closed vote whose ballots don't add up to its totals is counted as differing until they do again."""
    changed, _ = await ended(harness)
    await harness.run_timers()
    recounts, equal = Recounts(), value("voting_recounts_total", outcome="equal")
    await recount(harness, recounts, 3)  # Both, and the end of the list.
    assert value("voting_recounts_total", outcome="equal") == equal + 2
    assert value("voting_votes_differing_from_recount") == 0
    await execute(harness, CHANGE, task_id=changed, choice=True)
    await recount(harness, recounts, 3)
    assert value("voting_votes_differing_from_recount") == 1
    await execute(harness, CHANGE, task_id=changed, choice=False)
    await recount(harness, recounts, 3)
    assert value("voting_votes_differing_from_recount") == 0
