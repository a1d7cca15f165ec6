"""`townhall recount` on ballots that voting counted."""

import pytest_asyncio
from sqlalchemy import text

from services.voting.tests.harness import VotingHarness, cast_ballots
from townhall.testing.databases import DatabaseOf
from townhall_local.operating.ballot_count import recount


@pytest_asyncio.fixture(loop_scope="session")
async def harness(database_of: DatabaseOf) -> VotingHarness:
    """Voting on a new database."""
    return VotingHarness(await database_of("voting"))


async def test_a_recount_in_batches(harness: VotingHarness) -> None:
    """V6: every vote agrees, whatever the size of a batch; one with other totals than its ballots is found."""
    tasks = [await harness.schedule() for _ in range(3)]
    names = [f"{number}" for number in range(300)]
    for task_id in tasks[:2]:
        await harness.count(cast_ballots(task_id, yes=names))
    await harness.count(cast_ballots(tasks[0], no=names[:100]))
    assert await _differing(harness) == []
    async with harness.db.transaction() as tx:
        await tx.session.execute(text("UPDATE tally SET no = no + 1 WHERE task_id = :task"), {"task": tasks[1]})
    assert await _differing(harness) == [tasks[1]]


async def _differing(harness: VotingHarness) -> list[object]:
    progress: list[tuple[int, int]] = []
    async with harness.db.reading() as session:
        votes = await recount(session, lambda done, total: progress.append((done, total)), batch=1)
    assert len(votes) == 3
    assert progress == [(number, len(progress)) for number in range(1, len(progress) + 1)]
    assert len(progress) > 1
    return [vote.task_id for vote in votes if not vote.agrees]
