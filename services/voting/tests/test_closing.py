"""The closing time by the database's clock: no later ballot is counted, and no earlier one is lost (V1)."""

import asyncio
from datetime import timedelta

import pytest

from services.voting.tests.harness import BOTH_PATHS, KEYRING, YES, VotingHarness, cast_ballots, concurrently
from townhall.chassis.db import Database
from voting.domain.ballot import CastBallot
from voting.handlers import ballots

pytestmark = [pytest.mark.asyncio(loop_scope="session"), BOTH_PATHS]


async def test_no_ballot_after_closing_and_none_before_it_lost(harness: VotingHarness) -> None:
    """V1: of ballots cast while the vote closes, those answered as counted are those in the final totals."""
    task_id = await harness.schedule(closes=timedelta(seconds=2))
    other = Database(harness.db.dsn, source="voting")
    never = asyncio.Event()

    async def run_timers_until_closed() -> None:
        while (await harness.run_timers())[1] == 0:
            await asyncio.wait([asyncio.create_task(never.wait())], timeout=0.005)

    closing = asyncio.create_task(run_timers_until_closed())
    counted = await concurrently(
        *(harness.cast_until_closed(task_id, f"{at}", [harness.db, other][at % 2]) for at in range(6))
    )
    await closing
    await other.close()
    total = sum(counted)
    assert total > 0
    assert await harness.totals(task_id) == (total, 0)
    kind, payload = (await harness.announced(task_id))[-1]
    assert (kind, payload["yes"]) == ("vote-closed", total)
    async with harness.db.reading() as session:
        connection = await session.connection()
        late = await connection.exec_driver_sql(
            "SELECT count(*) FROM accepted_ballot JOIN vote USING (task_id) WHERE cast_at >= closes_at"
        )
        assert late.scalar_one() == 0


async def test_closing_waits_for_ballots_in_flight(harness: VotingHarness) -> None:
    """V1: a vote whose ballots are being counted is closed after their commit, with totals that include them."""
    task_id = await harness.schedule(closes=timedelta(seconds=2))
    counting, commit = asyncio.Event(), asyncio.Event()

    async def count_slowly() -> None:
        async with harness.db.transaction() as tx:
            await ballots.count_ballots(tx, cast_ballots(task_id, yes=["a"]), KEYRING)
            counting.set()
            await commit.wait()

    slow = asyncio.create_task(count_slowly())
    await counting.wait()
    await harness.until_closing_time(task_id)
    assert await harness.cast(CastBallot(task_id, "too late", YES)) == "vote-not-open"
    assert (await harness.run_timers())[1] == 0
    commit.set()
    await slow
    assert (await harness.run_timers())[1] == 1
    assert (await harness.announced(task_id))[-1][1]["yes"] == 1
