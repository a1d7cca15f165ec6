"""Voting behind PgBouncer in transaction mode: `make test-postgresql`."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Final

import pytest
import pytest_asyncio
from fastapi import FastAPI
from httpx import AsyncClient
from sqlalchemy import text

from services.voting.tests.harness import VotingHarness
from services.voting.tests.pgbouncer import pooled
from townhall.chassis.database_url import DatabaseUrl
from townhall.chassis.db import SETTINGS, Database
from townhall.chassis.health import Health
from townhall.chassis.state import state_of
from townhall.chassis.transient import Failure, failure_of
from townhall.contracts.values import TaskId
from townhall.testing import client_for, settle
from townhall.testing.databases import DatabaseOf
from townhall.testing.tokens import Mint

pytestmark = [pytest.mark.postgresql, pytest.mark.xdist_group("postgresql")]

CLIENTS: Final = 24
_SESSION: Final = text("SELECT pg_backend_pid()")
_SHOWN: Final = {name: text(f"SHOW {name}") for name in SETTINGS}


@pytest_asyncio.fixture(loop_scope="session")
async def direct(database_of: DatabaseOf) -> Database:
    """The database of voting without the pooler."""
    return await database_of("voting")


@pytest_asyncio.fixture(loop_scope="session")
async def url(direct: Database) -> AsyncIterator[DatabaseUrl]:
    """The same database through the pooler."""
    with pooled(direct.url) as through:
        yield through


async def test_settings_last_for_one_transaction(url: DatabaseUrl) -> None:
    """Every transaction has the settings of a service, and leaves none behind for other clients of the pooler."""
    db = Database(url, source="voting", pooled=True)
    try:
        async with db.transaction() as tx:
            shown = {name: (await tx.session.execute(query)).scalar_one() for name, query in _SHOWN.items()}
        assert {name: shown[name] for name in SETTINGS} == {**SETTINGS, "timezone": "UTC"}
        async with db.reading() as session:
            assert (await session.execute(_SHOWN["statement_timeout"])).scalar_one() == SETTINGS["statement_timeout"]
        other = await url.connect(statement_cache_size=0)
        assert {await other.fetchval("SHOW statement_timeout") for _ in range(10)} == {"0"}
        await other.close()
    finally:
        await db.close()


async def test_statements_never_meet_those_of_others(url: DatabaseUrl) -> None:
    """However many clients share however few connections, each gets the answers to its own statements."""
    databases = [Database(url, source="voting", pool_size=2, pooled=True) for _ in range(CLIENTS // 2)]

    async def ask(db: Database, client: int) -> set[int]:
        servers = set()
        for number in range(20):
            async with db.transaction() as tx:
                # A text of its own for each client and number, of different types.
                column = f"{client * 1000 + number}" + ("::text" if number % 2 else "::bigint")
                found = (await tx.session.execute(text(f"SELECT {column}, '{client}'"))).one()
                assert (int(found[0]), found[1]) == (client * 1000 + number, str(client))
                servers.add((await tx.session.execute(_SESSION)).scalar_one())
        return servers

    asked = [ask(db, 2 * index + each) for index, db in enumerate(databases) for each in range(2)]
    try:
        used = await asyncio.gather(*asked)
    finally:
        await asyncio.gather(*(db.close() for db in databases))
    assert max(len(servers) for servers in used) > 1


async def test_without_its_setting_the_pooler_refuses(url: DatabaseUrl) -> None:
    """A pooler that no setting announces refuses settings of the session: nothing works by half."""
    db = Database(url, source="voting")
    try:
        with pytest.raises(Exception, match="unsupported startup parameter") as refused:
            async with db.transaction():
                pass
        assert failure_of(refused.value) is Failure.CONNECTION
    finally:
        await db.close()


async def test_a_service_behind_the_pooler(
    direct: Database, url: DatabaseUrl, running: Callable[..., Awaitable[FastAPI]], mint: Mint
) -> None:
    """Ballots by the bulk insert and by the rules are counted, and what they announce is published."""
    app = await running(direct, database_url=url.dsn, database_session_url=direct.dsn, database_pooler="transaction")
    harness = VotingHarness(direct)
    harness.use_keys_of(app)
    await harness.enact(more_than=CLIENTS // 2)
    task_id = await harness.schedule()
    async with client_for(app) as client:
        for choice in ("yes", "no", "yes"):
            await asyncio.gather(*(_vote(client, mint, task_id, number, choice) for number in range(CLIENTS)))
        found = (await client.get(f"/votes/{task_id}")).json()
    assert (found["yes"], found["no"]) == (CLIENTS, 0)
    await settle(app)
    assert state_of(app, Health).details["relay_leading"]()


async def _vote(client: AsyncClient, mint: Mint, task_id: TaskId, number: int, choice: str) -> None:
    header = mint("citizen", f"citizen-{number}").header
    answer = await client.put(f"/votes/{task_id}/ballot", headers=header, json={"choice": choice})
    assert answer.is_success, answer.text
