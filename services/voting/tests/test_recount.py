"""The totals equal a recount of the ballots, whatever the ballots and groups (V6)."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.voting.tests.harness import BOTH_PATHS, NO, YES, VotingHarness, concurrently
from townhall.chassis.db import Database
from voting.domain.ballot import CastBallot, Choice

pytestmark = [pytest.mark.asyncio(loop_scope="session"), BOTH_PATHS]

SEQUENCES = st.lists(st.lists(st.tuples(st.integers(0, 5), st.sampled_from(Choice)), min_size=1), min_size=1)


@given(groups=SEQUENCES)
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_a_tally_equals_a_recount(harness: VotingHarness, groups: list[list[tuple[int, Choice]]]) -> None:
    """V6: after any sequence of ballots, changes and repeats, in groups of any size."""
    task_id = await harness.schedule()
    last: dict[int, Choice] = {}
    for group in groups:
        await harness.count([CastBallot(task_id, str(number), choice) for number, choice in group])
        last |= dict(group)
    chosen = list(last.values())
    assert await harness.totals(task_id) == (chosen.count(YES), chosen.count(NO))


async def test_two_processes_in_opposite_order(harness: VotingHarness) -> None:
    """V6: groups with the same votes in opposite order neither deadlock nor lose a change."""
    tasks = [await harness.schedule() for _ in range(4)]
    other = Database(harness.db.dsn, source="voting")

    async def vote(name: str) -> None:
        order = tasks if int(name) % 2 else tasks[::-1]
        for choice in (YES, NO):
            await harness.count(
                [CastBallot(task_id, name, choice) for task_id in order], other if int(name) % 3 else harness.db
            )

    await concurrently(*(vote(str(number)) for number in range(20)))
    await other.close()
    assert [await harness.totals(task_id) for task_id in tasks] == [(0, 20)] * 4
