"""The test fixtures: empty databases, separate topics, trusted tokens."""

import asyncio
from uuid import UUID, uuid4

import pytest
from aiokafka import AIOKafkaConsumer
from sqlalchemy import text

from townhall.chassis.auth.keys import wall
from townhall.chassis.auth.tokens import read_keys, verify
from townhall.chassis.broker import Bus
from townhall.chassis.db import Database
from townhall.chassis.retrying import sleep
from townhall.contracts import voting
from townhall.embedded.issuer import AUDIENCE, Issuer
from townhall.testing.databases import CHASSIS, Cluster, DatabaseOf
from townhall.testing.tokens import Mint


async def _rules(db: Database) -> int:
    async with db.reading() as session:
        return int((await session.execute(text("SELECT count(*) FROM rule"))).scalar_one())


async def test_databases_are_apart(database_of: DatabaseOf) -> None:
    """What one test writes, no other reads."""
    one, other = await database_of(CHASSIS), await database_of(CHASSIS)
    async with one.transaction() as tx:
        await tx.session.execute(text("INSERT INTO rule VALUES (1, 'an article', '{}', now())"))
    assert (await _rules(one), await _rules(other)) == (1, 0)


async def _events(db: Database) -> list[int]:
    """Write an event of the inbox and one of the outbox; return the ids of all of the outbox."""
    statement = (
        "INSERT INTO outbox (topic, event_id, headers, payload, announced_at) VALUES ('t', :id, '{}', '', now())"
    )
    async with db.transaction() as tx:
        await tx.session.execute(text("INSERT INTO inbox (event_id) VALUES (:id)"), {"id": uuid4()})
        await tx.session.execute(text(statement), {"id": uuid4()})
    async with db.reading() as session:
        return list((await session.execute(text("SELECT id FROM outbox"))).scalars())


async def _incarnations(db: Database) -> list[UUID]:
    async with db.reading() as session:
        return list((await session.execute(text("SELECT id FROM incarnation"))).scalars())


async def test_a_database_is_as_new_when_it_is_used_again(cluster: Cluster) -> None:
    """Its tables are empty, its sequences start over, and the rows of its migrations are there."""
    lease = await cluster.lease(CHASSIS)
    first = await _incarnations(lease.db)
    for _ in range(2):
        assert await _events(lease.db) == [1]
        async with lease.db.transaction() as tx:
            await tx.session.execute(text("UPDATE incarnation SET id = gen_random_uuid()"))
        cluster.release(lease)
        assert await cluster.lease(CHASSIS) is lease
        assert await _incarnations(lease.db) == first
    cluster.release(lease)


@pytest.mark.parametrize(
    "change",
    [
        "CREATE TABLE more (i int)",
        "DROP INDEX outbox_unsent",
        "ALTER TABLE rule ALTER article DROP NOT NULL",
        "ALTER TABLE inbox DROP taken_at",
    ],
)
async def test_a_database_with_another_schema_is_not_used_again(cluster: Cluster, change: str) -> None:
    """Nor one that a test changed otherwise than by its rows."""
    lease = await cluster.lease(CHASSIS)
    async with lease.db.transaction() as tx:
        await tx.session.execute(text(change))
    assert not await lease.renew()
    cluster.release(lease)
    other = await cluster.lease(CHASSIS)
    assert other is not lease
    cluster.release(other)


async def test_a_database_in_use_is_not_used_again(cluster: Cluster) -> None:
    """While a connection is open, a row is locked or an advisory lock is held."""
    lease = await cluster.lease(CHASSIS)
    async with lease.db.reading() as session:
        await session.execute(text("SELECT 1"))
        assert not await lease.renew()
    another = Database(lease.url, source=CHASSIS)
    async with another.transaction() as tx:
        await tx.session.execute(text("SELECT FROM incarnation FOR UPDATE"))
        assert not await lease.renew()
        await tx.session.execute(text("SELECT pg_advisory_xact_lock(1)"))
        assert not await lease.renew()
    await another.close()
    assert await lease.renew()
    cluster.release(lease)


async def test_database_is_an_ordinary_role_s(database: Database) -> None:
    """A migration or handler that needs a superuser fails here, as it would in production."""
    async with database.reading() as session:
        assert (await session.execute(text("SELECT current_setting('is_superuser')"))).scalar_one() == "off"


async def test_topics_are_the_test_s_own(bus: Bus) -> None:
    """Every topic of the platform is there under this test's prefix."""
    consumer = AIOKafkaConsumer(bootstrap_servers=bus.servers)
    await consumer.start()
    try:
        async with asyncio.timeout(10):  # a broker shows new topics a moment after it created them
            while bus.topic(voting.TOPIC) not in await consumer.topics():
                await sleep(0.05)
    finally:
        await consumer.stop()


def test_tokens_verify(mint: Mint, issuer: Issuer) -> None:
    """The chassis accepts what the local issuer signs."""
    keys = read_keys(issuer.jwks)
    claims = verify(mint("officer", "김"), keys[issuer.kid], issuer=issuer.url, audience=AUDIENCE, now=wall())
    assert (claims.subject, [*claims.roles]) == ("김", ["officer"])
