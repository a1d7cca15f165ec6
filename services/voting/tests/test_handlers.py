"""Counting ballots on PostgreSQL: in groups, by several processes at once, and the threshold."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from services.voting.tests.harness import BOTH_PATHS, NO, YES, VotingHarness, cast_ballots, concurrently, outcome
from townhall.chassis.db import Database
from townhall.contracts.values import TaskId
from voting.domain.ballot import CastBallot

pytestmark = [pytest.mark.asyncio(loop_scope="session"), BOTH_PATHS]

CITIZENS = [f"시민-{number}" for number in range(60)]


async def test_each_ballot_of_a_group_gets_its_own_answer(harness: VotingHarness) -> None:
    """V3, V4: ballots are decided in order, each given those before it; a refused one doesn't affect the others."""
    task_id, closed, unknown = (
        await harness.schedule(),
        await harness.schedule(opens=timedelta(days=1)),
        TaskId(uuid4()),
    )
    group = [
        CastBallot(task_id, "a", YES),
        CastBallot(closed, "a", YES),
        CastBallot(task_id, "a", YES),
        CastBallot(unknown, "a", YES),
        CastBallot(task_id, "b", NO),
        CastBallot(task_id, "a", NO),
    ]
    answers = [outcome(each) for each in await harness.count(group)]
    assert answers == ["counted", "vote-not-open", "unchanged", "no-such-vote", "counted", "changed"]
    assert await harness.totals(task_id) == (0, 2)
    assert await harness.ballots(task_id) == 3


async def test_the_same_ballot_many_times_at_once(harness: VotingHarness) -> None:
    """V3: 8 concurrent requests of each of 60 citizens are 480 successes and 60 ballots."""
    task_id = await harness.schedule()
    outcomes = [
        await concurrently(*[harness.cast(CastBallot(task_id, name, YES)) for _ in range(8)]) for name in CITIZENS
    ]
    assert [sorted(each) for each in outcomes] == [["counted"] + ["unchanged"] * 7] * 60
    assert await harness.ballots(task_id) == 60
    assert await harness.totals(task_id) == (60, 0)


async def test_a_citizen_has_another_pseudonym_in_every_vote(harness: VotingHarness) -> None:
    """V7: ballots of a citizen can't be linked across votes, and the token's subject is not stored."""
    one, other = await harness.schedule(), await harness.schedule()
    await harness.count([CastBallot(one, "시민-0", YES), CastBallot(other, "시민-0", YES)])
    async with harness.db.reading() as session:
        connection = await session.connection()
        pseudonyms = (await connection.exec_driver_sql("SELECT voter FROM accepted_ballot")).all()
        everything = (
            (await connection.exec_driver_sql("SELECT current_ballot::text FROM current_ballot")).scalars().all()
        )
    assert len(pseudonyms) == 2
    assert "시민-0".encode().hex() not in " ".join(everything)


async def test_more_than_means_more_than(harness: VotingHarness) -> None:
    """V5: the number itself is not enough, one more is; it is announced once, with the totals at that moment."""
    await harness.enact(2)
    task_id = await harness.schedule()
    await harness.count(cast_ballots(task_id, yes=["a", "b"], no=["c"]))
    assert (await harness.details(task_id)).reached_at is None
    await harness.count(cast_ballots(task_id, no=["d"]) + cast_ballots(task_id, yes=["c", "e", "f"]))
    (event,) = await _reached(harness, task_id)
    assert (event["yes"], event["no"], event["more_than"], event["rule"]["version"]) == (3, 1, 2, 2)
    assert event["title"] == "골목길 조명"


async def test_a_threshold_stays_reached(harness: VotingHarness) -> None:
    """V5: also when it was reached only between two ballots of a group, and when ballots change back."""
    await harness.enact(1)
    task_id = await harness.schedule()
    await harness.count(cast_ballots(task_id, yes=["a", "b"], no=["a", "b"]))
    assert await harness.totals(task_id) == (0, 2)
    assert (await harness.details(task_id)).reached_at is not None
    for choice in (YES, NO, YES):
        await harness.count([CastBallot(task_id, name, choice) for name in ("a", "b", "c")])
    assert len(await _reached(harness, task_id)) == 1


async def test_a_threshold_is_announced_once_by_all_processes(harness: VotingHarness) -> None:
    """V5: two processes counting at the same time announce it once, with the totals of the ballot that reached it."""
    await harness.enact(20)
    first, second = await harness.schedule(), await harness.schedule()
    other = Database(harness.db.dsn, source="voting")
    groups = [cast_ballots(task_id, yes=CITIZENS[at : at + 3]) for at in range(0, 60, 3) for task_id in (first, second)]
    await concurrently(*(harness.count(group, db) for group in groups for db in (harness.db, other)))
    await other.close()
    for task_id in (first, second):
        assert await harness.totals(task_id) == (60, 0)
        (event,) = await _reached(harness, task_id)
        assert (event["yes"], event["no"]) == (21, 0)


async def _reached(harness: VotingHarness, task_id: TaskId) -> list[dict[str, Any]]:
    return [payload for kind, payload in await harness.announced(task_id) if kind == "threshold-reached"]
