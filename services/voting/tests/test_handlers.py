"""Ballots on real PostgreSQL: counted in groups, by several processes at once, up to the closing time and no later."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from services.voting.tests.polls import BOTH_WAYS, NO, YES, Polls, said, slips, together
from townhall.chassis.db import Database
from townhall.contracts.values import TaskId
from voting.domain.ballot import Slip

pytestmark = [pytest.mark.asyncio(loop_scope="session"), BOTH_WAYS]

CITIZENS = [f"시민-{number}" for number in range(60)]


async def test_a_group_is_answered_one_by_one(polls: Polls) -> None:
    """V3, V4: in their order, each by what the ones before it left; a refused one leaves its neighbours alone."""
    task_id, closed, unknown = await polls.schedule(), await polls.schedule(opens=timedelta(days=1)), TaskId(uuid4())
    group = [
        Slip(task_id, "a", YES),
        Slip(closed, "a", YES),
        Slip(task_id, "a", YES),
        Slip(unknown, "a", YES),
        Slip(task_id, "b", NO),
        Slip(task_id, "a", NO),
    ]
    answers = [said(each) for each in await polls.count(group)]
    assert answers == ["counted", "vote-not-open", "unchanged", "no-such-vote", "counted", "changed"]
    assert await polls.totals(task_id) == (0, 2)
    assert await polls.ballots(task_id) == 3


async def test_the_same_ballot_many_times_at_once(polls: Polls) -> None:
    """V3: 8 times at once by each of 60 citizens are 480 successes and 60 ballots."""
    task_id = await polls.schedule()
    outcomes = [await together(*[polls.cast(Slip(task_id, name, YES)) for _ in range(8)]) for name in CITIZENS]
    assert [sorted(each) for each in outcomes] == [["counted"] + ["unchanged"] * 7] * 60
    assert await polls.ballots(task_id) == 60
    assert await polls.totals(task_id) == (60, 0)


async def test_a_citizen_has_another_name_in_every_vote(polls: Polls) -> None:
    """V7: nobody can follow a citizen from vote to vote, and the subject is nowhere."""
    one, other = await polls.schedule(), await polls.schedule()
    await polls.count([Slip(one, "시민-0", YES), Slip(other, "시민-0", YES)])
    async with polls.db.reading() as session:
        connection = await session.connection()
        names = (await connection.exec_driver_sql("SELECT voter FROM ballot UNION SELECT voter FROM standing")).all()
        everything = (await connection.exec_driver_sql("SELECT ballot::text FROM ballot")).scalars().all()
    assert len(names) == 2
    assert "시민-0".encode().hex() not in " ".join(everything)


async def test_more_than_means_more_than(polls: Polls) -> None:
    """V5: the number itself is not enough, one more is, and it is told once, with the totals of that moment."""
    await polls.enact(2)
    task_id = await polls.schedule()
    await polls.count(slips(task_id, yes=["a", "b"], no=["c"]))
    assert (await polls.shown(task_id)).reached_at is None
    await polls.count(slips(task_id, no=["d"]) + slips(task_id, yes=["c", "e", "f"]))
    (told,) = await _reached(polls, task_id)
    assert (told["yes"], told["no"], told["more_than"], told["rule"]["version"]) == (3, 1, 2, 2)
    assert told["title"] == "골목길 조명"


async def test_a_threshold_stays_reached(polls: Polls) -> None:
    """V5: also when it was reached for a moment inside one group, and when ballots change back and forth."""
    await polls.enact(1)
    task_id = await polls.schedule()
    await polls.count(slips(task_id, yes=["a", "b"], no=["a", "b"]))
    assert await polls.totals(task_id) == (0, 2)
    assert (await polls.shown(task_id)).reached_at is not None
    for choice in (YES, NO, YES):
        await polls.count([Slip(task_id, name, choice) for name in ("a", "b", "c")])
    assert len(await _reached(polls, task_id)) == 1


async def test_a_threshold_is_told_once_by_all_processes(polls: Polls) -> None:
    """V5: two processes that count at once tell it once, with the ballot that reached it."""
    await polls.enact(20)
    first, second = await polls.schedule(), await polls.schedule()
    other = Database(polls.db.dsn, source="voting")
    groups = [slips(task_id, yes=CITIZENS[at : at + 3]) for at in range(0, 60, 3) for task_id in (first, second)]
    await together(*(polls.count(group, db) for group in groups for db in (polls.db, other)))
    await other.close()
    for task_id in (first, second):
        assert await polls.totals(task_id) == (60, 0)
        (told,) = await _reached(polls, task_id)
        assert (told["yes"], told["no"]) == (21, 0)


async def _reached(polls: Polls, task_id: TaskId) -> list[dict[str, Any]]:
    return [told for kind, told in await polls.announced(task_id) if kind == "threshold-reached"]
