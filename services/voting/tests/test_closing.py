"""No ballot after closing, and none before it lost (V1), by the clock of the database."""

import asyncio
from datetime import timedelta

import pytest

from services.voting.tests.harness import BOTH_WAYS, KEYRING, YES, VotingHarness, cast_ballots, together
from townhall.chassis.db import Database
from voting import handlers
from voting.domain.ballot import CastBallot

pytestmark = [pytest.mark.asyncio(loop_scope="session"), BOTH_WAYS]


async def test_no_ballot_after_closing_and_none_before_it_lost(harness: VotingHarness) -> None:
    """V1: ballots race the closing time by the database's clock; those counted are those in the final totals."""
    task_id = await harness.schedule(closes=timedelta(seconds=1))
    other = Database(harness.db.dsn, source="voting")
    over = asyncio.Event()

    async def clock() -> None:
        while (await harness.run_timers())[1] == 0:
            await asyncio.wait([asyncio.create_task(over.wait())], timeout=0.005)

    closing = asyncio.create_task(clock())
    counted = await together(*(harness.until_over(task_id, f"{at}", [harness.db, other][at % 2]) for at in range(6)))
    await closing
    await other.close()
    total = sum(counted)
    assert total > 0
    assert await harness.totals(task_id) == (total, 0)
    kind, told = (await harness.announced(task_id))[-1]
    assert (kind, told["yes"]) == ("vote-closed", total)
    async with harness.db.reading() as session:
        connection = await session.connection()
        late = await connection.exec_driver_sql(
            "SELECT count(*) FROM ballot JOIN vote USING (task_id) WHERE cast_at >= closes_at"
        )
        assert late.scalar_one() == 0


async def test_closing_waits_for_ballots_in_flight(harness: VotingHarness) -> None:
    """V1: a vote whose ballots are being counted is closed after their commit, with them in its totals."""
    task_id = await harness.schedule(closes=timedelta(seconds=2))
    counting, go_on = asyncio.Event(), asyncio.Event()

    async def count_slowly() -> None:
        async with harness.db.transaction() as tx:
            await handlers.count_ballots(tx, cast_ballots(task_id, yes=["a"]), KEYRING)
            counting.set()
            await go_on.wait()

    slow = asyncio.create_task(count_slowly())
    await counting.wait()
    await harness.until_time_is_over(task_id)
    assert await harness.cast(CastBallot(task_id, "too late", YES)) == "vote-not-open"
    assert (await harness.run_timers())[1] == 0
    go_on.set()
    await slow
    assert (await harness.run_timers())[1] == 1
    assert (await harness.announced(task_id))[-1][1]["yes"] == 1
