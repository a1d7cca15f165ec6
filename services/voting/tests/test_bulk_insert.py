"""First ballots: the short way takes what needs no deciding, and leaves everything else alone."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import closing
from datetime import timedelta
from uuid import uuid4

import pytest
import pytest_asyncio

from services.voting.tests.harness import NO, YES, VotingHarness, cast_ballots, together
from townhall.chassis.transient import transient
from townhall.contracts.values import TaskId
from voting.domain.ballot import CastBallot
from voting.store.bulk_insert import BulkInsert

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest_asyncio.fixture(loop_scope="session")
async def first(harness: VotingHarness) -> AsyncIterator[BulkInsert]:
    """The short way into the polling place's database."""
    with closing(BulkInsert(harness.db.dsn, harness.keyring)) as bulk_insert:
        yield bulk_insert


async def test_first_ballots_are_counted_and_others_left(harness: VotingHarness, first: BulkInsert) -> None:
    """V1, V3: of a citizen's ballots in a group the first is taken; what stands is never touched."""
    task_id, early = await harness.schedule(), await harness.schedule(opens=timedelta(days=1))
    await harness.count(cast_ballots(task_id, yes=["stands already"]))
    group = [
        CastBallot(task_id, "new", YES),
        CastBallot(task_id, "stands already", NO),
        CastBallot(task_id, "new", NO),
        CastBallot(early, "new", YES),
        CastBallot(TaskId(uuid4()), "new", YES),
        CastBallot(task_id, "another", NO),
    ]
    assert (await first.count(group)).keys() == {0, 5}
    assert await harness.totals(task_id) == (2, 1)
    assert await harness.ballots(task_id) == 3


async def test_a_group_that_might_cross_is_left_whole(harness: VotingHarness, first: BulkInsert) -> None:
    """V5: up to the threshold the short way is taken; the group that might pass it is decided by the rules."""
    await harness.enact(3)
    near, far = await harness.schedule(), await harness.schedule()
    assert len(await first.count(cast_ballots(near, yes=["a", "b", "c"], no=["d"]))) == 4
    assert await first.count(cast_ballots(near, yes=["e"], no=["f"])) == {}
    assert (await first.count(cast_ballots(near, yes=["e"]) + cast_ballots(far, yes=["e"]))).keys() == {1}
    assert (await first.count(cast_ballots(near, no=["f"]))).keys() == {0}
    assert [kind for kind, _ in await harness.announced(near)] == ["vote-scheduled", "vote-opened"]
    await harness.count(cast_ballots(near, yes=["e"]))
    assert len(await first.count(cast_ballots(near, yes=["g", "h"]))) == 2
    assert await harness.totals(near) == (6, 2)


async def test_no_ballot_after_the_time_of_the_vote(harness: VotingHarness, first: BulkInsert) -> None:
    """V1: by the database's clock, though the vote's row may still say it is open."""
    task_id = await harness.schedule(closes=timedelta(milliseconds=300))
    assert len(await first.count(cast_ballots(task_id, yes=["in time"]))) == 1
    await harness.until_time_is_over(task_id)
    assert await first.count(cast_ballots(task_id, yes=["too late"])) == {}


async def test_who_waits_across_the_closing_time_is_too_late(harness: VotingHarness, first: BulkInsert) -> None:
    """V1: the clock is read when the vote's row is ours, not when we asked for it."""
    task_id = await harness.schedule(closes=timedelta(seconds=1))
    await first.count(cast_ballots(task_id, yes=["connects"]))
    async with harness.db.transaction() as tx:
        connection = await tx.session.connection()
        await connection.exec_driver_sql("SELECT FROM tally FOR UPDATE")
        waiting = asyncio.create_task(first.count(cast_ballots(task_id, yes=["waits"])))
        await harness.until_time_is_over(task_id)
    assert await waiting == {}
    assert await harness.totals(task_id) == (1, 0)


async def test_many_at_once_lose_nothing(harness: VotingHarness) -> None:
    """V3, V6: several processes, the same citizens on each: one ballot each, and totals that equal a recount."""
    tasks = [await harness.schedule() for _ in range(3)]

    async def process(start: int) -> int:
        counted = 0
        with closing(BulkInsert(harness.db.dsn, harness.keyring)) as bulk_insert:
            for at in range(start, start + 40):
                order = tasks if at % 2 else tasks[::-1]
                group = [CastBallot(task_id, f"{at % 60}", YES if at % 3 else NO) for task_id in order]
                counted += len(await bulk_insert.count(group))
        return counted

    assert sum(await together(*(process(start) for start in (0, 10, 20, 30)))) == 3 * 60
    for task_id in tasks:
        assert sum(await harness.totals(task_id)) == await harness.ballots(task_id) == 60


async def test_a_lost_connection_is_made_anew(harness: VotingHarness, first: BulkInsert) -> None:
    """The call that loses it fails, and says so; the next one counts."""
    task_id = await harness.schedule()
    await first.count(cast_ballots(task_id, yes=["a"]))
    async with harness.db.transaction() as tx:
        connection = await tx.session.connection()
        await connection.exec_driver_sql(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() "
            "AND datname = current_database() AND query LIKE '%%cast_ballot AS MATERIALIZED%%'"
        )
    outcomes = []
    for name in ("b", "c"):
        try:
            outcomes.append(len(await first.count(cast_ballots(task_id, yes=[name]))))
        except Exception as fault:  # noqa: BLE001  what the driver raises is its own
            outcomes.append(transient(fault))
    assert outcomes == [True, 1]
