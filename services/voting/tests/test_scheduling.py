"""Votes on PostgreSQL: scheduled once, opened and closed in time, held under the rule in force at the opening."""

from datetime import timedelta
from uuid import UUID

import pytest
from prometheus_client import REGISTRY
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from services.voting.tests.harness import KEYRING, MONTH, VotingHarness, cast_ballots, concurrently, task
from townhall.chassis.db import Database
from townhall.contracts.values import TaskId
from townhall.testing.databases import DatabaseOf
from voting.domain.vote import EmptyPeriod, State
from voting.handlers import votes
from voting.store.tables import Row

pytestmark = pytest.mark.asyncio(loop_scope="session")

LATER = timedelta(minutes=5)


async def test_a_vote_opens_when_it_is_due(harness: VotingHarness) -> None:
    """V1: when scheduled, if its time has passed; otherwise by the timer, once."""
    now, later = await harness.schedule(), await harness.schedule(opens=LATER)
    assert (await harness.details(now)).vote.state is State.OPEN
    assert (await harness.details(later)).vote.state is State.SCHEDULED
    await _make_due(harness, later)
    assert await harness.run_timers() == (1, 0)
    assert await harness.run_timers() == (0, 0)
    for task_id in (now, later):
        assert [kind for kind, _ in await harness.announced(task_id)] == ["vote-scheduled", "vote-opened"]


async def _make_due(harness: VotingHarness, task_id: TaskId) -> None:
    async with harness.db.transaction() as tx:
        await tx.session.execute(text("UPDATE vote SET opens_at = now() WHERE task_id = :id"), {"id": task_id})


async def test_several_votes_due_at_once(harness: VotingHarness) -> None:
    """V1: every due vote is closed and its final totals announced; concurrent processes never close one twice."""
    due = [await harness.schedule(opens=-MONTH, closes=-timedelta(seconds=1)) for _ in range(7)]
    still_open = await harness.schedule()
    runs = await concurrently(harness.run_timers(), harness.run_timers(), harness.run_timers())
    assert sum(closed for _, closed in runs) == 7
    for task_id in due:
        kind, payload = (await harness.announced(task_id))[-1]
        assert (kind, payload["yes"], payload["no"], payload["threshold_reached"]) == ("vote-closed", 0, 0, False)
        assert (await harness.details(task_id)).vote.state is State.CLOSED
    assert (await harness.details(still_open)).vote.state is State.OPEN


async def test_more_votes_due_than_one_run_closes(harness: VotingHarness) -> None:
    """V1: further runs close the rest, until none is due."""
    for _ in range(103):
        await harness.schedule(opens=-MONTH, closes=-timedelta(seconds=1))
    assert [(await harness.run_timers())[1] for _ in range(3)] == [100, 3, 0]


async def test_a_task_gets_one_vote(harness: VotingHarness) -> None:
    """V1: however often its selection is consumed."""
    async with harness.db.transaction() as tx:
        selected = task(tx.now)
    for _ in range(2):
        async with harness.db.transaction() as tx:
            await votes.schedule_votes(tx, [selected], KEYRING)
    assert [kind for kind, _ in await harness.announced(selected.task_id)] == ["vote-scheduled", "vote-opened"]


async def test_metrics_count_committed_votes_only(harness: VotingHarness) -> None:
    """A transaction that is rolled back counts no vote."""

    def scheduled() -> float:
        return REGISTRY.get_sample_value("voting_vote_moves_total", {"move": "scheduled"}) or 0

    async def schedule_and_roll_back() -> None:
        async with harness.db.transaction() as tx:
            await votes.schedule_votes(tx, [task(tx.now)], KEYRING)
            raise LookupError

    before = scheduled()
    with pytest.raises(LookupError):
        await schedule_and_roll_back()
    assert scheduled() == before
    await harness.schedule()
    assert scheduled() == before + 1


async def test_an_empty_period_is_refused(harness: VotingHarness) -> None:
    """V1: and nothing is stored."""
    async with harness.db.transaction() as tx:
        selected = task(tx.now, opens=LATER, closes=LATER)
    with pytest.raises(EmptyPeriod):
        async with harness.db.transaction() as tx:
            await votes.schedule_votes(tx, [selected], KEYRING)
    assert await harness.announced(selected.task_id) == []


async def test_a_new_rule_leaves_an_open_vote_alone(harness: VotingHarness) -> None:
    """V2: an open vote keeps its version of the rules; the next vote gets the new one."""
    await harness.enact(1)
    first, scheduled = await harness.schedule(), await harness.schedule(opens=LATER)
    await harness.enact(0, changeable=False)
    await harness.count(cast_ballots(first, yes=["a"]))
    assert (await harness.details(first)).reached_at is None
    assert await harness.cast(cast_ballots(first, no=["a"])[0]) == "changed"
    second = await harness.schedule()
    await harness.count(cast_ballots(second, yes=["a"]))
    assert (await harness.details(second)).reached_at is not None
    assert await harness.cast(cast_ballots(second, no=["a"])[0]) == "ballot-is-final"
    await _make_due(harness, scheduled)
    await harness.run_timers()
    terms = {each: (await harness.details(each)).vote.terms for each in (first, second, scheduled)}
    assert {each: found.version if found else None for each, found in terms.items()} == {
        first: 2,
        second: 3,
        scheduled: 3,
    }


async def test_the_rule_in_force_at_the_opening_time_applies(harness: VotingHarness) -> None:
    """V2: a late timer opens the vote under the rule in force at its opening time, not now."""
    await harness.enact(7)
    async with harness.db.transaction() as tx:
        selected = task(tx.now, opens=timedelta(milliseconds=1))
        await votes.schedule_votes(tx, [selected], KEYRING)
    await harness.enact(8)
    assert (await harness.run_timers())[0] == 1
    terms = (await harness.details(selected.task_id)).vote.terms
    assert terms is not None
    assert terms.more_than == 7


@pytest.mark.parametrize(
    "change",
    [
        "wrapped_key = decode(repeat('00', 40), 'hex')",
        "key_version = 9",
        "scheduled_at = now()",
        "more_than = 0",
        "rule_version = 1, rule_article = 'other'",
        "ballots_changeable = false",
        "closes_at = closes_at + interval '1 day'",
        "state = 'scheduled', rule_version = NULL, rule_article = NULL, more_than = NULL, ballots_changeable = NULL",
    ],
)
async def test_fixed_columns_never_change(harness: VotingHarness, change: str) -> None:
    """V2, V7: the database refuses changes to the terms, the period and the key of an open vote."""
    await harness.enact(3)
    task_id = await harness.schedule()
    with pytest.raises(IntegrityError):
        await _change(harness.db, f"UPDATE vote SET {change} WHERE task_id = :id", task_id)  # noqa: S608  from the list


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE replaced_ballot SET choice = false",
        "DELETE FROM replaced_ballot",
        "TRUNCATE replaced_ballot",
        "DELETE FROM current_ballot",
        "TRUNCATE current_ballot",
        "UPDATE current_ballot SET choice = false",
        "UPDATE current_ballot SET id = 0",
        "UPDATE current_ballot SET id = id + 1000, voter = decode(repeat('00', 16), 'hex')",
        "UPDATE current_ballot SET id = id + 1000, vote_id = vote_id + 1",
    ],
)
async def test_accepted_ballots_are_kept(harness: VotingHarness, change: str) -> None:
    """V6: the database deletes no accepted ballot, and lets only a later one of the same citizen replace it."""
    task_id = await harness.schedule()
    await harness.count(cast_ballots(task_id, yes=["a"], no=["a"]) + cast_ballots(task_id, yes=["a"]))
    with pytest.raises(IntegrityError):
        await _change(harness.db, change, task_id)
    assert await harness.totals(task_id) == (1, 0)


async def test_the_database_keeps_what_is_replaced(harness: VotingHarness) -> None:
    """V6: by itself, whichever statement replaces a ballot."""
    task_id = await harness.schedule()
    await harness.count(cast_ballots(task_id, yes=["a"]))
    await _change(harness.db, "UPDATE current_ballot SET id = nextval('ballot_id'), choice = false", task_id)
    async with harness.db.reading() as session:
        choices = await session.scalars(text("SELECT choice FROM accepted_ballot ORDER BY id"))
        assert choices.all() == ["yes", "no"]


async def _change(db: Database, statement: str, task_id: UUID) -> None:
    async with db.transaction() as tx:
        await tx.session.execute(text(statement), {"id": task_id} if ":id" in statement else {})


async def test_migrations_match_the_tables(database_of: DatabaseOf) -> None:
    """The migrations and the row classes have the same columns."""
    db = await database_of("voting")
    async with db.reading() as session:
        query = text("SELECT column_name FROM information_schema.columns WHERE table_name = :name")
        for table in Row.metadata.sorted_tables:
            found = set((await session.scalars(query, {"name": table.name})).all())
            assert found == {column.name for column in table.columns}
