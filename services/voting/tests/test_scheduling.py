"""Votes on real PostgreSQL: scheduled once, opened and closed in time, and held to the rule they opened under."""

from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from services.voting.tests.harness import KEYRING, MONTH, VotingHarness, cast_ballots, task, together
from townhall.chassis.db import Database
from townhall.contracts.values import TaskId
from townhall.testing.databases import DatabaseOf
from voting import handlers
from voting.domain.vote import EmptyPeriod, State
from voting.store.tables import Row

pytestmark = pytest.mark.asyncio(loop_scope="session")

LATER = timedelta(minutes=5)


async def test_a_vote_opens_when_it_is_due(harness: VotingHarness) -> None:
    """V1: at once when its time has come; otherwise by the timer, and then once."""
    now, later = await harness.schedule(), await harness.schedule(opens=LATER)
    assert (await harness.shown(now)).vote.state is State.OPEN
    assert (await harness.shown(later)).vote.state is State.SCHEDULED
    await _opens_now(harness, later)
    assert await harness.run_timers() == (1, 0)
    assert await harness.run_timers() == (0, 0)
    for task_id in (now, later):
        assert [kind for kind, _ in await harness.announced(task_id)] == ["vote-scheduled", "vote-opened"]


async def _opens_now(harness: VotingHarness, task_id: TaskId) -> None:
    async with harness.db.transaction() as tx:
        await tx.session.execute(text("UPDATE vote SET opens_at = now() WHERE task_id = :id"), {"id": task_id})


async def test_several_votes_due_at_once(harness: VotingHarness) -> None:
    """V1: every one that is due is closed, and its final totals are told; two replicas never close one twice."""
    due = [await harness.schedule(opens=-MONTH, closes=-timedelta(seconds=1)) for _ in range(7)]
    still_open = await harness.schedule()
    runs = await together(harness.run_timers(), harness.run_timers(), harness.run_timers())
    assert sum(closed for _, closed in runs) == 7
    for task_id in due:
        kind, told = (await harness.announced(task_id))[-1]
        assert (kind, told["yes"], told["no"], told["threshold_reached"]) == ("vote-closed", 0, 0, False)
        assert (await harness.shown(task_id)).vote.state is State.CLOSED
    assert (await harness.shown(still_open)).vote.state is State.OPEN


async def test_more_votes_than_one_run_takes(harness: VotingHarness) -> None:
    """V1: a timer that did something runs again at once, until nothing is due."""
    for _ in range(103):
        await harness.schedule(opens=-MONTH, closes=-timedelta(seconds=1))
    assert [(await harness.run_timers())[1] for _ in range(3)] == [100, 3, 0]


async def test_a_task_is_put_to_the_vote_once(harness: VotingHarness) -> None:
    """V1: however often its selection is told."""
    async with harness.db.transaction() as tx:
        selected = task(tx.now)
    for _ in range(2):
        async with harness.db.transaction() as tx:
            await handlers.schedule_votes(tx, [selected], KEYRING)
    assert [kind for kind, _ in await harness.announced(selected.task_id)] == ["vote-scheduled", "vote-opened"]


async def test_a_vote_without_time_is_refused(harness: VotingHarness) -> None:
    """V1: and nothing of it is stored."""
    async with harness.db.transaction() as tx:
        selected = task(tx.now, opens=LATER, closes=LATER)
    with pytest.raises(EmptyPeriod):
        async with harness.db.transaction() as tx:
            await handlers.schedule_votes(tx, [selected], KEYRING)
    assert await harness.announced(selected.task_id) == []


async def test_a_new_rule_leaves_an_open_vote_alone(harness: VotingHarness) -> None:
    """V2: the vote is held to the version it opened under; the next one to the new version."""
    await harness.enact(1)
    first, waiting = await harness.schedule(), await harness.schedule(opens=LATER)
    await harness.enact(0, changeable=False)
    await harness.count(cast_ballots(first, yes=["a"]))
    assert (await harness.shown(first)).reached_at is None
    assert await harness.cast(cast_ballots(first, no=["a"])[0]) == "changed"
    second = await harness.schedule()
    await harness.count(cast_ballots(second, yes=["a"]))
    assert (await harness.shown(second)).reached_at is not None
    assert await harness.cast(cast_ballots(second, no=["a"])[0]) == "ballot-is-final"
    await _opens_now(harness, waiting)
    await harness.run_timers()
    terms = {each: (await harness.shown(each)).vote.terms for each in (first, second, waiting)}
    assert {each: found.version if found else None for each, found in terms.items()} == {
        first: 2,
        second: 3,
        waiting: 3,
    }


async def test_the_rule_is_that_of_the_opening_time(harness: VotingHarness) -> None:
    """V2: a timer that is late opens the vote under the rule of its time, not of now."""
    await harness.enact(7)
    async with harness.db.transaction() as tx:
        selected = task(tx.now, opens=timedelta(milliseconds=1))
        await handlers.schedule_votes(tx, [selected], KEYRING)
    await harness.enact(8)
    assert (await harness.run_timers())[0] == 1
    terms = (await harness.shown(selected.task_id)).vote.terms
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
async def test_what_is_fixed_stays(harness: VotingHarness, change: str) -> None:
    """V2, V7: whoever tries: the rule, the closing time and the key of an open vote can't be changed."""
    await harness.enact(3)
    task_id = await harness.schedule()
    with pytest.raises(IntegrityError):
        await _change(harness.db, f"UPDATE vote SET {change} WHERE task_id = :id", task_id)  # noqa: S608  from the list


@pytest.mark.parametrize("change", ["UPDATE ballot SET choice = 'no'", "DELETE FROM ballot", "TRUNCATE ballot"])
async def test_ballots_are_only_added(harness: VotingHarness, change: str) -> None:
    """V6: no ballot that was accepted is ever rewritten or removed."""
    task_id = await harness.schedule()
    await harness.count(cast_ballots(task_id, yes=["a"]))
    with pytest.raises(IntegrityError):
        await _change(harness.db, change, task_id)
    assert await harness.totals(task_id) == (1, 0)


async def _change(db: Database, statement: str, task_id: UUID) -> None:
    async with db.transaction() as tx:
        await tx.session.execute(text(statement), {"id": task_id} if ":id" in statement else {})


async def test_the_tables_are_as_the_code_says(database_of: DatabaseOf) -> None:
    """The migration and the table classes name the same columns."""
    db = await database_of("voting")
    async with db.reading() as session:
        asked = text("SELECT column_name FROM information_schema.columns WHERE table_name = :name")
        for table in Row.metadata.sorted_tables:
            found = set((await session.scalars(asked, {"name": table.name})).all())
            assert found == {column.name for column in table.columns}
