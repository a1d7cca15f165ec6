"""The test fixtures: new databases, separate topics, trusted tokens."""

import asyncio

from aiokafka import AIOKafkaConsumer
from sqlalchemy import text

from townhall.chassis.auth.keys import wall
from townhall.chassis.auth.tokens import read_keys, verify
from townhall.chassis.broker import Bus
from townhall.chassis.db import Database
from townhall.chassis.retrying import sleep
from townhall.contracts import voting
from townhall.embedded.issuer import AUDIENCE, Issuer
from townhall.testing.databases import CHASSIS, DatabaseOf
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
