"""The bulk insert counts first ballots, repeats and changes, and leaves the rest to the rules."""

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
from voting.domain.ballot import CastBallot, Choice, Counted, Outcome
from voting.handlers import ballots
from voting.store.bulk_insert import BulkInsert

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest_asyncio.fixture(loop_scope="session")
async def bulk_insert(harness: VotingHarness) -> AsyncIterator[BulkInsert]:
    """A bulk insert into the harness's database."""
    with closing(BulkInsert(harness.db.dsn, harness.keyring)) as opened:
        yield opened


async def test_counts_first_ballots_repeats_and_changes(harness: VotingHarness, bulk_insert: BulkInsert) -> None:
    """V1, V3, V4: with the answers that the rules give."""
    task_id = await harness.schedule()
    first, *_ = await harness.count(cast_ballots(task_id, yes=["repeats", "changes"], no=["both"]))
    assert isinstance(first, Counted)
    group = cast_ballots(task_id, yes=["new", "repeats", "both"], no=["changes", "another"])
    answers = await bulk_insert.count(group)
    assert [answers[index].outcome for index in range(5)] == ["counted", "unchanged", "changed", "changed", "counted"]
    assert answers[1].current_ballot == first.current_ballot
    assert [answers[index].current_ballot.choice for index in range(5)] == [YES, YES, YES, NO, NO]
    assert await harness.totals(task_id) == (3, 2)
    assert await harness.ballots(task_id) == 7


async def test_leaves_the_rest_to_the_rules(harness: VotingHarness, bulk_insert: BulkInsert) -> None:
    """V1, V4: votes that are not open, and changes that the vote's rule refuses."""
    await harness.enact(100, changeable=False)
    task_id, early = await harness.schedule(), await harness.schedule(opens=timedelta(days=1))
    await harness.count(cast_ballots(task_id, yes=["a", "b"]))
    group = [
        CastBallot(task_id, "a", NO),
        CastBallot(early, "a", YES),
        CastBallot(TaskId(uuid4()), "a", YES),
        CastBallot(task_id, "b", YES),
    ]
    assert (await bulk_insert.count(group)).keys() == {3}
    assert await harness.totals(task_id) == (2, 0)


@pytest.mark.parametrize(
    ("choices", "outcomes"),
    [
        ([YES, YES, YES], ["counted", "unchanged", "unchanged"]),
        ([YES, YES, NO, YES, NO], ["counted", "unchanged"]),
    ],
)
async def test_several_ballots_of_a_citizen_in_a_group(
    harness: VotingHarness, bulk_insert: BulkInsert, choices: list[Choice], outcomes: list[str]
) -> None:
    """V3: those that repeat the first are answered like it; from the first other one on, the rules decide."""
    task_id = await harness.schedule()
    answers = await bulk_insert.count([CastBallot(task_id, "a", choice) for choice in choices])
    assert [answers[index].outcome for index in sorted(answers)] == outcomes
    assert len({answer.current_ballot for answer in answers.values()}) == 1
    assert await harness.totals(task_id) == (1, 0)


@pytest.mark.parametrize("before", [None, YES, NO])
async def test_a_ballot_stored_while_the_statement_waits(
    harness: VotingHarness, bulk_insert: BulkInsert, before: Choice | None
) -> None:
    """V3, V6: a ballot that another process stores or changes meanwhile is not overwritten unseen."""
    task_id = await harness.schedule()
    await harness.count([CastBallot(task_id, "other", YES)])
    if before is not None:
        await harness.count([CastBallot(task_id, "a", before)])
    async with harness.db.transaction() as tx:
        (own,) = await ballots.count_ballots(tx, [CastBallot(task_id, "a", NO)], harness.keyring)
        waiting = asyncio.create_task(bulk_insert.count(cast_ballots(task_id, no=["a"], yes=["new"])))
        await _until_blocked(harness)
    assert isinstance(own, Counted)
    answers = await waiting
    assert answers.keys() == ({0, 1} if before is NO else {0})
    assert await harness.totals(task_id) == (2, 1)
    assert await harness.ballots(task_id) == (4 if before is YES else 3)


async def _until_blocked(harness: VotingHarness) -> None:
    """Return when a statement of another connection waits for a lock."""
    while True:
        async with harness.db.reading() as session:
            connection = await session.connection()
            found = await connection.exec_driver_sql(
                "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
            )
            if found.scalar_one():
                return


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
                group = [CastBallot(task_id, f"{at % 60}", YES if (at + start // 10) % 3 else NO) for task_id in order]
                answers = (await bulk_insert.count(group)).values()
                counted += len([answer for answer in answers if answer.outcome is Outcome.COUNTED])
        return counted

    assert sum(await concurrently(*(process(start) for start in (0, 10, 20, 30)))) == 3 * 60
    for task_id in tasks:
        assert sum(await harness.totals(task_id)) == 60


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
