"""Too many dead letters: consuming stops and readiness fails, until an operator has settled some."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from uuid import uuid4

import pytest
from sqlalchemy import text

from shared.tests.facts import Topic
from shared.tests.test_relay import Listener, announce
from townhall.chassis.background import running
from townhall.chassis.broker import Bus
from townhall.chassis.consuming import Consumer, Processor, Subscription, dead_letters
from townhall.chassis.consuming.dead_letters import MAX_WAITING
from townhall.chassis.db import Database
from townhall.chassis.health import Health
from townhall.chassis.outbox.relay import Relay
from townhall.chassis.retrying import sleep
from townhall.contracts import voting
from townhall.testing.databases import DatabaseOf


async def crowd(db: Database, messages: int) -> None:
    """Store so many unreadable messages as dead letters, each with its own key."""
    topic = Topic()
    async with db.transaction() as tx:
        for number in range(messages):
            await dead_letters.add(tx.session, topic.raw(f"k{number}", {}, b"junk"), "bad-envelope")


async def count(db: Database) -> int:
    """Count the messages that wait for an operator."""
    async with db.reading() as session:
        return await dead_letters.waiting(session)


async def until(seen: Callable[[], Awaitable[bool]]) -> None:
    """Look again and again until it is so."""
    while not await seen():
        await sleep(0.1)


async def make_room(db: Database) -> None:
    """Do what `townhall dead-letters drop` does, for all of them."""
    async with db.transaction() as tx:
        await tx.session.execute(text("UPDATE dead_letter SET status = 'dropped'"))


async def choked(consumer: Consumer) -> bool:
    """Tell whether hearing has stopped."""
    return consumer.paused


@pytest.mark.parametrize(("messages", "room"), [(MAX_WAITING - 1, True), (MAX_WAITING, False)])
async def test_readiness_fails_without_waiting_for_the_next_message(
    database_of: DatabaseOf, *, messages: int, room: bool
) -> None:
    """G11: readiness fails at once, even if no further message arrives for hours."""
    db, bus = await database_of("voting"), Bus("127.0.0.1:1")
    subscriptions = [Subscription(voting.TOPIC, {})]
    consumer = Consumer(bus, db, subscriptions, Processor(db, subscriptions))
    health = Health("voting", db, Relay(db.dsn, bus), consumer)
    await crowd(db, messages)
    assert await health.checks() == {
        "running": True,
        "database": True,
        "consumer_joined": False,
        "dead_letter_capacity": room,
    }
    await make_room(db)
    assert (await health.checks())["dead_letter_capacity"]


@pytest.mark.broker
async def test_consuming_stops_until_there_is_room(database: Database, bus: Bus) -> None:
    """G11: with too many dead letters the cause is not the messages, so consuming stops."""
    await crowd(database, MAX_WAITING)
    listener = Listener(1)
    consumer = listener.consumer(bus, database)
    async with running({"relay": Relay(database.dsn, bus).run, "consumer": consumer.run}), asyncio.timeout(60):
        await announce(database, [task := uuid4()], 1)
        await until(partial(choked, consumer))
        assert not listener.versions
        await make_room(database)
        await listener.all.wait()
    assert listener.versions == {task: [1]}


@pytest.mark.broker
async def test_one_batch_stores_no_more_dead_letters_than_there_is_room_for(database: Database, bus: Bus) -> None:
    """G11: the limit holds within a batch too, and messages beyond it are neither lost nor skipped."""
    async with bus.producer() as producer:
        for number in range(MAX_WAITING + 20):
            await producer.send(bus.topic(voting.TOPIC), b"junk", key=f"k{number}".encode(), partition=0)
    consumer = Listener(1).consumer(bus, database)
    async with running({"consumer": consumer.run}), asyncio.timeout(60):
        await until(partial(choked, consumer))
        assert await count(database) == MAX_WAITING
        await make_room(database)
        await until(partial(_holds, database, 20))


async def _holds(db: Database, messages: int) -> bool:
    return await count(db) == messages
