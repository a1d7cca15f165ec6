"""Readiness: whether the service can read and write its database, and nothing else."""

import asyncio

import pytest
from sqlalchemy import event, make_url, text

from townhall.chassis.db import Database
from townhall.chassis.health import Health, writable
from townhall.chassis.state import provide
from townhall.embedded.databases import connected
from townhall.testing.databases import DatabaseOf
from townhall.testing.services import AppOf, client_for

NAME = "voting"


async def execute(db: Database, statement: str) -> None:
    """Run a statement on a connection of its own, and let the service connect anew."""
    async with connected(db.dsn) as connection:
        await connection.execute(statement)
    await db.engine.dispose()


def named(db: Database) -> str:
    """Return the name of the database, quoted."""
    return f'"{make_url(db.dsn).database}"'


@pytest.fixture
async def db(database_of: DatabaseOf) -> Database:
    """A migrated database."""
    return await database_of(NAME)


async def test_a_database_that_takes_writes_is_usable(db: Database) -> None:
    """The write of the check leaves nothing."""
    assert await writable(db, NAME)
    async with db.reading() as session:
        assert (await session.execute(text("SELECT count(*) FROM inbox"))).scalar_one() == 0


@pytest.mark.parametrize(
    ("spoil", "repair"),
    [
        (
            "ALTER DATABASE {} SET default_transaction_read_only = on",
            "BEGIN READ WRITE; ALTER DATABASE {} RESET default_transaction_read_only; COMMIT",
        ),
        ("REVOKE INSERT ON inbox FROM CURRENT_USER", "GRANT INSERT ON inbox TO CURRENT_USER"),
        ("DELETE FROM alembic_version", None),
    ],
    ids=["read-only", "no right", "not migrated"],
)
async def test_a_database_without_writes_is_not_usable(db: Database, spoil: str, repair: str | None) -> None:
    """A read-only server after a failover answers every SELECT, and the service can't do its work."""
    await execute(db, spoil.format(named(db)))
    assert not await writable(db, NAME)
    if repair:
        await execute(db, repair.format(named(db)))
        assert await writable(db, NAME)


async def test_a_database_that_does_not_answer_is_not_usable() -> None:
    """Nobody listens there."""
    db = Database("postgresql://nobody@127.0.0.1:9/none", source=NAME)
    assert not await writable(db, NAME)


async def test_probes_are_no_load(db: Database) -> None:
    """Many probes within a second make one write."""
    writes: list[str] = []
    event.listen(db.engine.sync_engine, "before_cursor_execute", lambda *arguments: writes.append(arguments[2]))
    health = Health(NAME, db)
    results = await asyncio.gather(*(health.checks() for _ in range(50)))
    assert all(all(each.values()) for each in results)
    assert len([statement for statement in writes if statement.startswith("INSERT")]) == 1


async def test_the_body_names_checks_and_details(db: Database, app_of: AppOf) -> None:
    """200 or 503 by the checks alone; details are shown and don't matter."""
    app = await app_of(db)
    health = Health(NAME, db, {"consuming": lambda: False, "broker": lambda: "login refused"})
    provide(app, health)
    async with client_for(app) as client:
        answer = await client.get("/readyz")
        assert (answer.status_code, answer.json()) == (
            200,
            {
                "ready": True,
                "checks": {"running": True, "database": True},
                "details": {"consuming": False, "broker": "login refused"},
            },
        )
        health.stopping = True
        assert (await client.get("/readyz")).status_code == 503
