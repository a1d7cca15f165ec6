"""G1: a service dies between any two steps of a ballot, of a relay or of a consumer, and nothing is lost or doubled."""

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.journeys.processes import CRASHING, Processes, names, open_vote, until, up, vote
from townhall_local.client.people import Platform

pytestmark = [pytest.mark.broker, pytest.mark.process]

# Two workers share the places out, each with a platform of its own.
PLACES = [
    pytest.param(place, marks=pytest.mark.xdist_group(f"kill-{number % 2}"))
    for number, place in enumerate((CRASHING / "places.txt").read_text().splitlines())
]
CITIZENS = 8
MORE_THAN = 5


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def platform(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Processes]:
    """One platform for all the crashes."""
    with up(tmp_path_factory.mktemp("platform") / "data") as processes:
        yield processes
        await processes.close()


@pytest.mark.parametrize("place", PLACES)
async def test_a_crash_at_any_step_loses_and_doubles_nothing(platform: Processes, place: str) -> None:
    """Eight citizens vote while the service dies at this step: eight ballots, one threshold, one case."""
    async with platform.people() as people:
        task_id = await open_vote(people, "야간 버스", more_than=MORE_THAN)
        platform.crash_at(place)
        answers = await asyncio.gather(*(vote(people, task_id, name) for name in names(CITIZENS)))
        assert [answer["choice"] for answer in answers if isinstance(answer, dict)] == ["yes"] * CITIZENS
        await platform.crashed()
        await until(lambda: case_of(people, task_id))
    await assert_exact(platform, task_id)


async def case_of(people: Platform, task_id: str) -> bool:
    """Tell whether the Committee has the case."""
    return bool((await people.api.get("committee", "/cases", task_id=task_id))["items"])


async def assert_exact(platform: Processes, task_id: str) -> None:
    """Count from outside: ballots, totals, the threshold, the case, and what was announced of it."""
    current_ballot = "SELECT count(*), count(DISTINCT voter) FROM current_ballot WHERE task_id = :task"
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
