"""Too many dead letters: consuming stops and reports it, and the service answers requests as before."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from uuid import uuid4

import pytest
from fastapi import FastAPI
from sqlalchemy import text

from shared.tests.facts import Topic
from shared.tests.test_metrics import value
from shared.tests.test_relay import Listener, announce
from townhall.chassis.background import running as running_tasks
from townhall.chassis.broker import Bus
from townhall.chassis.consuming import Consumer, dead_letters
from townhall.chassis.consuming.dead_letters import MAX_WAITING
from townhall.chassis.consuming.status import StopReason
from townhall.chassis.db import Database
from townhall.chassis.outbox.relay import Relay
from townhall.chassis.retrying import sleep
from townhall.contracts import proposal, voting
from townhall.testing import client_for
from townhall.testing.databases import DatabaseOf

pytestmark = pytest.mark.broker


async def add_dead_letters(db: Database, messages: int) -> None:
    """Store so many invalid messages as dead letters, each with its own key."""
    topic = Topic()
    async with db.transaction() as tx:
        for number in range(messages):
            await dead_letters.add(tx.session, topic.raw(f"k{number}", {}, b"junk"), "bad-envelope")


async def publish_junk(bus: Bus, topic: str, records: int) -> None:
    """Publish so many invalid records, each with its own key."""
    async with bus.producer() as producer:
        for number in range(records):
            await producer.send(bus.topic(topic), b"junk", key=f"k{number}".encode(), partition=0)


async def count(db: Database) -> int:
    """Count the messages that wait for an operator."""
    async with db.reading() as session:
        return await dead_letters.waiting(session)


async def until(seen: Callable[[], Awaitable[bool]]) -> None:
    """Look again and again until it is so."""
    while not await seen():
        await sleep(0.1)


async def drop_all(db: Database) -> None:
    """Do what `townhall dead-letters drop` does, for all of them."""
    async with db.transaction() as tx:
        await tx.session.execute(text("UPDATE dead_letter SET status = 'dropped'"))


async def stopped(consumer: Consumer) -> bool:
    """Return whether consuming has stopped because of dead letters."""
    return consumer.status.stopped_by(StopReason.DEAD_LETTERS)


async def consuming(consumer: Consumer) -> bool:
    """Return whether nothing stops the consumer."""
    return consumer.status.consuming


@pytest.mark.parametrize(("messages", "stops"), [(MAX_WAITING - 1, False), (MAX_WAITING, True)])
async def test_the_limit_is_noticed_without_a_next_message(
    database: Database, bus: Bus, *, messages: int, stops: bool
) -> None:
    """G11: metrics show it at once, even if no further message arrives for hours, and when it is over."""
    await add_dead_letters(database, messages)
    consumer = Listener(1).consumer(bus, database)
    async with running_tasks({"consumer": consumer.run}), asyncio.timeout(60):
        await until(partial(stopped if stops else consuming, consumer))
        assert value("townhall_consuming", topic=voting.TOPIC) == (not stops)
        assert value("townhall_consumer_stopped", reason="dead-letters") == stops
        await drop_all(database)
        await until(partial(consuming, consumer))
        assert value("townhall_consuming", topic=voting.TOPIC) == 1
        assert value("townhall_consumer_stopped", reason="dead-letters") == 0
    assert value("townhall_consuming", topic=voting.TOPIC) == 0
    assert value("townhall_consumer_stopped", reason="not-joined") == 1


async def test_junk_on_a_topic_takes_no_http_from_citizens(
    database_of: DatabaseOf, bus: Bus, running: Callable[..., Awaitable[FastAPI]]
) -> None:
    """G11: with more junk than the limit a service stops consuming, reports it, stays ready and answers."""
    db = await database_of("voting")
    app = await running(db)
    await publish_junk(bus, proposal.TOPIC, MAX_WAITING + 30)

    async def reported() -> bool:
        return not (await client.get("/readyz")).json()["details"]["consuming"] and await count(db) == MAX_WAITING

    async with client_for(app) as client, asyncio.timeout(60):
        await until(reported)
        ready = await client.get("/readyz")
        assert (ready.status_code, ready.json()["checks"]) == (200, {"running": True, "database": True})
        metrics = (await client.get("/metrics")).text
        assert f'townhall_consuming{{topic="{proposal.TOPIC}"}} 0.0' in metrics
        assert 'townhall_consumer_stopped{reason="dead-letters"} 1.0' in metrics
        assert (await client.get("/rules")).status_code == 200
        assert (await client.get(f"/votes/{uuid4()}")).status_code == 404


async def test_consuming_stops_until_there_is_room(database: Database, bus: Bus) -> None:
    """G11: with too many dead letters the cause is not the messages, so consuming stops."""
    await add_dead_letters(database, MAX_WAITING)
    listener = Listener(1)
    consumer = listener.consumer(bus, database)
    tasks = {"relay": Relay(database.dsn, bus).run, "consumer": consumer.run}
    async with running_tasks(tasks), asyncio.timeout(60):
        await announce(database, [task := uuid4()], 1)
        await until(partial(stopped, consumer))
        assert not listener.versions
        await drop_all(database)
        await listener.all.wait()
    assert listener.versions == {task: [1]}


async def test_one_batch_stores_no_more_dead_letters_than_there_is_room_for(database: Database, bus: Bus) -> None:
    """G11: the limit holds within a batch too, and messages beyond it are neither lost nor skipped."""
    await publish_junk(bus, voting.TOPIC, MAX_WAITING + 20)
    consumer = Listener(1).consumer(bus, database)
    async with running_tasks({"consumer": consumer.run}), asyncio.timeout(60):
        await until(partial(stopped, consumer))
        assert await count(database) == MAX_WAITING
        await drop_all(database)
        await until(partial(_holds, database, 20))


async def _holds(db: Database, messages: int) -> bool:
    return await count(db) == messages
