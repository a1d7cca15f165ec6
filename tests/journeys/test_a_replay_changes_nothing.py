"""G12, G13: everything is heard again from the beginning, and the platform knows what it knew, no more and no less."""

from collections.abc import Awaitable, Callable

import pytest
from fastapi import FastAPI
from prometheus_client import REGISTRY
from sqlalchemy import text

from tests.journeys.test_a_proposal_reaches_the_president import (
    SECRETARY,
    adopt,
    ahead,
    deliberate,
    put_to_the_vote,
    vote,
)
from tests.journeys.whole import Json, Whole, until
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
_HEARD = text("SELECT count(*) FROM inbox")


async def state_of(databases: dict[str, Database]) -> dict[str, str]:
    """Return a hash of everything each service knows, but for what the bus itself needs."""
    found: dict[str, str] = {}
    for name, db in databases.items():
        async with db.reading() as session:
            asked = (await session.execute(_TABLES)).scalar_one()
            found[name] = (await session.execute(text(f"SELECT {asked}"))).scalar_one()
    return found


async def heard(databases: dict[str, Database]) -> int:
    """Return how many events all services have received."""
    total = 0
    for db in databases.values():
        async with db.reading() as session:
            total += (await session.execute(_HEARD)).scalar_one()
    return total


def repeats() -> float:
    """Return how many messages were known from before, in this process so far."""
    return sum(
        sample.value
        for metric in REGISTRY.collect()
        for sample in metric.samples
        if sample.name == "townhall_events_consumed_total" and sample.labels["outcome"] == "duplicate"
    )


async def repeated(since: float, many: int) -> Json | None:
    """Tell once so many messages were heard again."""
    return {} if repeats() >= since + many else None


@pytest.fixture
async def adopted(whole: Whole) -> Whole:
    """A platform on which a task was adopted."""
    sitting = await whole.post(SECRETARY, "committee", "/sittings", sits_at=ahead(hours=1), capacity=3)
    meeting = await whole.post(SECRETARY, "committee", "/strategy-meetings", meets_at=ahead(hours=1), capacity=3)
    task_id = await put_to_the_vote(whole)
    await vote(whole, task_id)
    await adopt(whole, await deliberate(whole, task_id, sitting["sitting_id"]), meeting["meeting_id"])
    await whole.settle()
    return whole


async def test_a_refilled_broker_changes_nothing(adopted: Whole) -> None:
    """G13: every event is published once more; every service hears it again and stays as it is."""
    before, known, since = await state_of(adopted.databases), await heard(adopted.databases), repeats()
    for db in adopted.databases.values():
        async with db.transaction() as tx:
            await outbox.refill(tx.session)
    await until(lambda: repeated(since, known), within=60)
    await adopted.settle()
    assert await state_of(adopted.databases) == before


async def test_a_replay_from_the_beginning_changes_nothing(
    adopted: Whole, running: Callable[..., Awaitable[FastAPI]]
) -> None:
    """G12: consumers in a new life hear every topic from its beginning; what they know is the same to the byte."""
    before, known, since = await state_of(adopted.databases), await heard(adopted.databases), repeats()
    for db in adopted.databases.values():
        async with db.transaction() as tx:
            await incarnation.renew(tx.session)
    for db in adopted.databases.values():
        await running(db)
    await until(lambda: repeated(since, known), within=60)
    assert await state_of(adopted.databases) == before


async def test_an_emptied_projection_is_rebuilt(adopted: Whole, running: Callable[..., Awaitable[FastAPI]]) -> None:
    """G12: the timeline, emptied together with its inbox, is the same again after a replay."""
    db = adopted.databases["proposal"]
    before = await state_of({"proposal": db})
    async with db.transaction() as tx:
        await tx.session.execute(text("TRUNCATE fact, current_ballot, inbox"))
        await incarnation.renew(tx.session)
    assert await state_of({"proposal": db}) != before
    await running(db)
    await adopted.settle()
    assert await state_of({"proposal": db}) == before
