"""Votes on real PostgreSQL: scheduled once, opened and closed in time, and held to the rule they opened under."""

from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from services.voting.tests.polls import KEYRING, MONTH, Polls, slips, task, together
from townhall.chassis.db import Database
from townhall.contracts.values import TaskId
from townhall.testing.databases import DatabaseOf
from voting import handlers
from voting.domain.vote import EmptyPeriod, State
from voting.store.tables import Row

pytestmark = pytest.mark.asyncio(loop_scope="session")

LATER = timedelta(minutes=5)


async def test_a_vote_opens_when_it_is_due(polls: Polls) -> None:
    """V1: at once when its time has come; otherwise by the timer, and then once."""
    now, later = await polls.schedule(), await polls.schedule(opens=LATER)
    assert (await polls.shown(now)).vote.state is State.OPEN
    assert (await polls.shown(later)).vote.state is State.SCHEDULED
    await _opens_now(polls, later)
    assert await polls.run_timers() == (1, 0)
    assert await polls.run_timers() == (0, 0)
    for task_id in (now, later):
        assert [kind for kind, _ in await polls.announced(task_id)] == ["vote-scheduled", "vote-opened"]


async def _opens_now(polls: Polls, task_id: TaskId) -> None:
    async with polls.db.transaction() as tx:
        await tx.session.execute(text("UPDATE vote SET opens_at = now() WHERE task_id = :id"), {"id": task_id})


async def test_several_votes_due_at_once(polls: Polls) -> None:
    """V1: every one that is due is closed, and its final totals are told; two replicas never close one twice."""
    due = [await polls.schedule(opens=-MONTH, closes=-timedelta(seconds=1)) for _ in range(7)]
    still_open = await polls.schedule()
    runs = await together(polls.run_timers(), polls.run_timers(), polls.run_timers())
    assert sum(closed for _, closed in runs) == 7
    for task_id in due:
        kind, told = (await polls.announced(task_id))[-1]
        assert (kind, told["yes"], told["no"], told["threshold_reached"]) == ("vote-closed", 0, 0, False)
        assert (await polls.shown(task_id)).vote.state is State.CLOSED
    assert (await polls.shown(still_open)).vote.state is State.OPEN


async def test_more_votes_than_one_run_takes(polls: Polls) -> None:
    """V1: a timer that did something runs again at once, until nothing is due."""
    for _ in range(103):
        await polls.schedule(opens=-MONTH, closes=-timedelta(seconds=1))
    assert [(await polls.run_timers())[1] for _ in range(3)] == [100, 3, 0]


async def test_a_task_is_put_to_the_vote_once(polls: Polls) -> None:
    """V1: however often its selection is told."""
    async with polls.db.transaction() as tx:
        selected = task(tx.now)
    for _ in range(2):
        async with polls.db.transaction() as tx:
            await handlers.schedule_votes(tx, [selected], KEYRING)
    assert [kind for kind, _ in await polls.announced(selected.task_id)] == ["vote-scheduled", "vote-opened"]


async def test_a_vote_without_time_is_refused(polls: Polls) -> None:
    """V1: and nothing of it is stored."""
    async with polls.db.transaction() as tx:
        selected = task(tx.now, opens=LATER, closes=LATER)
    with pytest.raises(EmptyPeriod):
        async with polls.db.transaction() as tx:
            await handlers.schedule_votes(tx, [selected], KEYRING)
    assert await polls.announced(selected.task_id) == []


async def test_a_new_rule_leaves_an_open_vote_alone(polls: Polls) -> None:
    """V2: the vote is held to the version it opened under; the next one to the new version."""
    await polls.enact(1)
    first, waiting = await polls.schedule(), await polls.schedule(opens=LATER)
    await polls.enact(0, changeable=False)
    await polls.count(slips(first, yes=["a"]))
    assert (await polls.shown(first)).reached_at is None
    assert await polls.cast(slips(first, no=["a"])[0]) == "changed"
    second = await polls.schedule()
    await polls.count(slips(second, yes=["a"]))
    assert (await polls.shown(second)).reached_at is not None
    assert await polls.cast(slips(second, no=["a"])[0]) == "ballot-is-final"
    await _opens_now(polls, waiting)
    await polls.run_timers()
    terms = {each: (await polls.shown(each)).vote.terms for each in (first, second, waiting)}
    assert {each: found.version if found else None for each, found in terms.items()} == {
        first: 2,
        second: 3,
        waiting: 3,
    }


async def test_the_rule_is_that_of_the_opening_time(polls: Polls) -> None:
    """V2: a timer that is late opens the vote under the rule of its time, not of now."""
    await polls.enact(7)
    async with polls.db.transaction() as tx:
        selected = task(tx.now, opens=timedelta(milliseconds=1))
        await handlers.schedule_votes(tx, [selected], KEYRING)
    await polls.enact(8)
    assert (await polls.run_timers())[0] == 1
    terms = (await polls.shown(selected.task_id)).vote.terms
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
async def test_what_is_fixed_stays(polls: Polls, change: str) -> None:
    """V2, V7: whoever tries: the rule, the closing time and the key of an open vote can't be changed."""
    await polls.enact(3)
    task_id = await polls.schedule()
    with pytest.raises(IntegrityError):
        await _change(polls.db, f"UPDATE vote SET {change} WHERE task_id = :id", task_id)  # noqa: S608  from the list


@pytest.mark.parametrize("change", ["UPDATE ballot SET choice = 'no'", "DELETE FROM ballot", "TRUNCATE ballot"])
async def test_ballots_are_only_added(polls: Polls, change: str) -> None:
    """V6: no ballot that was accepted is ever rewritten or removed."""
    task_id = await polls.schedule()
    await polls.count(slips(task_id, yes=["a"]))
    with pytest.raises(IntegrityError):
        await _change(polls.db, change, task_id)
    assert await polls.totals(task_id) == (1, 0)


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
