"""G12, G13: consuming all events again leaves the state of every service unchanged."""

from collections.abc import Awaitable, Callable

import pytest
from fastapi import FastAPI
from prometheus_client import REGISTRY
from sqlalchemy import text

from tests.journeys.in_process import InProcessPlatform, Json, wait_until
from tests.journeys.test_a_proposal_reaches_the_president import (
    SECRETARY,
    adopt,
    ahead,
    deliberate,
    put_to_the_vote,
    vote,
)
from townhall.chassis import outbox
from townhall.chassis.consuming import incarnation
from townhall.chassis.db import Database

pytestmark = pytest.mark.broker

_TABLES = text("""
    SELECT string_agg(format('(SELECT md5(coalesce(string_agg(t::text, chr(10) ORDER BY t::text), '''')) FROM %I t)',
                             table_name), ' || ' ORDER BY table_name)
    FROM information_schema.tables
    WHERE table_schema = 'public' AND table_type = 'BASE TABLE'
      AND table_name NOT IN ('outbox', 'inbox', 'incarnation', 'receipt', 'alembic_version')
""")
_CONSUMED = text("SELECT count(*) FROM inbox")


async def state_of(databases: dict[str, Database]) -> dict[str, str]:
    """Return a hash of each service's tables, without those of outbox and inbox."""
    found: dict[str, str] = {}
    for name, db in databases.items():
        async with db.reading() as session:
            query = (await session.execute(_TABLES)).scalar_one()
            found[name] = (await session.execute(text(f"SELECT {query}"))).scalar_one()
    return found


async def consumed(databases: dict[str, Database]) -> int:
    """Return how many events all services have consumed."""
    total = 0
    for db in databases.values():
        async with db.reading() as session:
            total += (await session.execute(_CONSUMED)).scalar_one()
    return total


def duplicates() -> float:
    """Return how many duplicates the services of this process have consumed so far."""
    return sum(
        sample.value
        for metric in REGISTRY.collect()
        for sample in metric.samples
        if sample.name == "townhall_events_consumed_total" and sample.labels["outcome"] == "duplicate"
    )


async def duplicates_reached(since: float, count: int) -> Json | None:
    """Return something once so many duplicates were consumed."""
    return {} if duplicates() >= since + count else None


@pytest.fixture
async def adopted(platform: InProcessPlatform) -> InProcessPlatform:
    """A platform with an adopted task."""
    sitting = await platform.post(SECRETARY, "committee", "/sittings", sits_at=ahead(hours=1), capacity=3)
    meeting = await platform.post(SECRETARY, "committee", "/strategy-meetings", meets_at=ahead(hours=1), capacity=3)
    task_id = await put_to_the_vote(platform)
    await vote(platform, task_id)
    await adopt(platform, await deliberate(platform, task_id, sitting["sitting_id"]), meeting["meeting_id"])
    await platform.settle()
    return platform


async def test_a_refilled_broker_changes_nothing(adopted: InProcessPlatform) -> None:
    """G13: every event is published and consumed once more, and the state is unchanged."""
    before, known, since = await state_of(adopted.databases), await consumed(adopted.databases), duplicates()
    for db in adopted.databases.values():
        async with db.transaction() as tx:
            await outbox.refill(tx.session)
    await wait_until(lambda: duplicates_reached(since, known), within=60)
    await adopted.settle()
    assert await state_of(adopted.databases) == before


async def test_a_replay_from_the_beginning_changes_nothing(
    adopted: InProcessPlatform, running: Callable[..., Awaitable[FastAPI]]
) -> None:
    """G12: consumers of a new incarnation consume every topic from the beginning; the state is unchanged."""
    before, known, since = await state_of(adopted.databases), await consumed(adopted.databases), duplicates()
    for db in adopted.databases.values():
        async with db.transaction() as tx:
            await incarnation.renew(tx.session)
    for db in adopted.databases.values():
        await running(db)
    await wait_until(lambda: duplicates_reached(since, known), within=60)
    assert await state_of(adopted.databases) == before


async def test_an_emptied_projection_is_rebuilt(
    adopted: InProcessPlatform, running: Callable[..., Awaitable[FastAPI]]
) -> None:
    """G12: a replay rebuilds the timeline after its tables and inbox were emptied."""
    db = adopted.databases["proposal"]
    before = await state_of({"proposal": db})
    async with db.transaction() as tx:
        await tx.session.execute(text("TRUNCATE fact, task_state, inbox"))
        await incarnation.renew(tx.session)
    assert await state_of({"proposal": db}) != before
    await running(db)
    await adopted.settle()
    assert await state_of({"proposal": db}) == before
