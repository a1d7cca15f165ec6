"""The bulk insert counts first ballots, and leaves all others to the rules."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import closing
from datetime import timedelta
from uuid import uuid4

import pytest
import pytest_asyncio

from services.voting.tests.harness import NO, YES, VotingHarness, cast_ballots, concurrently
from townhall.chassis.transient import transient
from townhall.contracts.values import TaskId
from voting.domain.ballot import CastBallot
from voting.store.bulk_insert import BulkInsert

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest_asyncio.fixture(loop_scope="session")
async def bulk_insert(harness: VotingHarness) -> AsyncIterator[BulkInsert]:
    """A bulk insert into the harness's database."""
    with closing(BulkInsert(harness.db.dsn, harness.keyring)) as opened:
        yield opened


async def test_counts_first_ballots_only(harness: VotingHarness, bulk_insert: BulkInsert) -> None:
    """V1, V3: of a citizen's ballots in a group the first is counted; a current ballot is never changed."""
    task_id, early = await harness.schedule(), await harness.schedule(opens=timedelta(days=1))
    await harness.count(cast_ballots(task_id, yes=["has voted"]))
    group = [
        CastBallot(task_id, "new", YES),
        CastBallot(task_id, "has voted", NO),
        CastBallot(task_id, "new", NO),
        CastBallot(early, "new", YES),
        CastBallot(TaskId(uuid4()), "new", YES),
        CastBallot(task_id, "another", NO),
    ]
    assert (await bulk_insert.count(group)).keys() == {0, 5}
    assert await harness.totals(task_id) == (2, 1)
    assert await harness.ballots(task_id) == 3


async def test_a_group_that_might_reach_the_threshold_is_left_to_the_rules(
    harness: VotingHarness, bulk_insert: BulkInsert
) -> None:
    """V5: groups are counted up to the threshold; one that might exceed it is left out as a whole."""
    await harness.enact(3)
    near, far = await harness.schedule(), await harness.schedule()
    assert len(await bulk_insert.count(cast_ballots(near, yes=["a", "b", "c"], no=["d"]))) == 4
    assert await bulk_insert.count(cast_ballots(near, yes=["e"], no=["f"])) == {}
    assert (await bulk_insert.count(cast_ballots(near, yes=["e"]) + cast_ballots(far, yes=["e"]))).keys() == {1}
    assert (await bulk_insert.count(cast_ballots(near, no=["f"]))).keys() == {0}
    assert [kind for kind, _ in await harness.announced(near)] == ["vote-scheduled", "vote-opened"]
    await harness.count(cast_ballots(near, yes=["e"]))
    assert len(await bulk_insert.count(cast_ballots(near, yes=["g", "h"]))) == 2
    assert await harness.totals(near) == (6, 2)


async def test_no_ballot_after_the_closing_time(harness: VotingHarness, bulk_insert: BulkInsert) -> None:
    """V1: by the database's clock, also before the timer has closed the vote."""
    task_id = await harness.schedule(closes=timedelta(seconds=2))
    assert len(await bulk_insert.count(cast_ballots(task_id, yes=["in time"]))) == 1
    await harness.until_closing_time(task_id)
    assert await bulk_insert.count(cast_ballots(task_id, yes=["too late"])) == {}


async def test_a_ballot_that_waits_for_a_lock_past_the_closing_time_is_not_counted(
    harness: VotingHarness, bulk_insert: BulkInsert
) -> None:
    """V1: the clock is read after the lock on the vote is granted, not before."""
    task_id = await harness.schedule(closes=timedelta(seconds=1))
    await bulk_insert.count(cast_ballots(task_id, yes=["connects"]))
    async with harness.db.transaction() as tx:
        connection = await tx.session.connection()
        await connection.exec_driver_sql("SELECT FROM tally FOR UPDATE")
        blocked = asyncio.create_task(bulk_insert.count(cast_ballots(task_id, yes=["waits"])))
        await harness.until_closing_time(task_id)
    assert await blocked == {}
    assert await harness.totals(task_id) == (1, 0)


async def test_concurrent_processes_lose_nothing(harness: VotingHarness) -> None:
    """V3, V6: the same citizens vote through several processes: one ballot each, and totals that equal a recount."""
    tasks = [await harness.schedule() for _ in range(3)]

    async def process(start: int) -> int:
        counted = 0
        with closing(BulkInsert(harness.db.dsn, harness.keyring)) as bulk_insert:
            for at in range(start, start + 40):
                order = tasks if at % 2 else tasks[::-1]
                group = [CastBallot(task_id, f"{at % 60}", YES if at % 3 else NO) for task_id in order]
                counted += len(await bulk_insert.count(group))
        return counted

    assert sum(await concurrently(*(process(start) for start in (0, 10, 20, 30)))) == 3 * 60
    for task_id in tasks:
        assert sum(await harness.totals(task_id)) == await harness.ballots(task_id) == 60


async def test_reconnects_after_a_lost_connection(harness: VotingHarness, bulk_insert: BulkInsert) -> None:
    """The call that loses the connection raises a transient error; the next one counts."""
    task_id = await harness.schedule()
    await bulk_insert.count(cast_ballots(task_id, yes=["a"]))
    async with harness.db.transaction() as tx:
        connection = await tx.session.connection()
        await connection.exec_driver_sql(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() "
            "AND datname = current_database() AND query LIKE '%%cast_ballot AS MATERIALIZED%%'"
        )
    outcomes = []
    for name in ("b", "c"):
        try:
            outcomes.append(len(await bulk_insert.count(cast_ballots(task_id, yes=[name]))))
        except Exception as error:  # noqa: BLE001  asyncpg raises several types
            outcomes.append(transient(error))
    assert outcomes == [True, 1]
