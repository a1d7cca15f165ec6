"""G1: a service crashes between any two steps of a ballot, the relay or a consumer; nothing is lost or duplicated."""

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.journeys.processes import (
    CRASHING,
    PlatformProcesses,
    new_subjects,
    open_vote,
    run_platform,
    vote,
    wait_until,
)
from townhall_local.client.users import PlatformClient

pytestmark = [pytest.mark.broker, pytest.mark.process]

# Two workers share the crash points, each with its own platform.
CRASH_POINTS = [
    pytest.param(point, marks=pytest.mark.xdist_group(f"kill-{number % 2}"))
    for number, point in enumerate((CRASHING / "crash_points.txt").read_text().splitlines())
]
CITIZENS = 8
MORE_THAN = 5


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def platform(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[PlatformProcesses]:
    """One platform for all crashes."""
    with run_platform(tmp_path_factory.mktemp("platform") / "data") as processes:
        yield processes
        await processes.close()


@pytest.mark.parametrize("point", CRASH_POINTS)
async def test_a_crash_at_any_step_loses_and_duplicates_nothing(platform: PlatformProcesses, point: str) -> None:
    """Eight citizens vote while the service crashes at this point: eight ballots, one threshold, one case."""
    async with platform.client() as client:
        task_id = await open_vote(client, "야간 버스", more_than=MORE_THAN)
        platform.request_crash(point)
        answers = await asyncio.gather(*(vote(client, task_id, name) for name in new_subjects(CITIZENS)))
        assert [answer["choice"] for answer in answers if isinstance(answer, dict)] == ["yes"] * CITIZENS
        await platform.crashed()
        await wait_until(lambda: case_of(client, task_id))
    await assert_exact(platform, task_id)


async def case_of(client: PlatformClient, task_id: str) -> bool:
    """Return whether the Committee has a case of the task."""
    return bool((await client.api.get("committee", "/cases", task_id=task_id))["items"])


async def assert_exact(platform: PlatformProcesses, task_id: str) -> None:
    """Check ballots, totals, threshold, case and announced events in the databases."""
    current_ballot = "SELECT count(*), count(DISTINCT voter) FROM accepted_ballot WHERE task_id = :task"
    tally = "SELECT yes, no FROM tally WHERE task_id = :task"
    reached = """
        SELECT count(*) FROM outbox WHERE key = :key AND headers ->> 'ce_type' = 'voting.threshold-reached.v1'
    """
    opened = "SELECT count(*) FROM outbox WHERE key = :key AND headers ->> 'ce_type' = 'committee.case-opened.v1'"
    versions = """
        SELECT array_agg(CAST(headers ->> 'ce_sequence' AS int) ORDER BY id) FROM outbox WHERE key = :key
    """
    assert await platform.rows("voting", current_ballot, task=task_id) == [(CITIZENS, CITIZENS)]
    assert await platform.rows("voting", tally, task=task_id) == [(CITIZENS, 0)]
    assert await platform.rows("voting", reached, key=task_id) == [(1,)]
    assert await platform.rows("committee", 'SELECT count(*) FROM "case" WHERE task_id = :task', task=task_id) == [(1,)]
    assert await platform.rows("committee", opened, key=task_id) == [(1,)]
    for service in ("voting", "committee"):
        ((found,),) = await platform.rows(service, versions, key=task_id)
        assert found == list(range(1, len(found) + 1))
