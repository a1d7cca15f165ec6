"""Too many messages aside: hearing stops and readiness turns red, until an operator has made room."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from uuid import uuid4

import pytest
from sqlalchemy import text

from shared.tests.facts import Topic
from shared.tests.test_relay import Listener, announce
from townhall.chassis.broker import Bus
from townhall.chassis.db import Database
from townhall.chassis.delivery import Hearing, Subscription, aside
from townhall.chassis.delivery.applying import Applying
from townhall.chassis.delivery.hearing import MOST_ASIDE
from townhall.chassis.delivery.reading import Reader
from townhall.chassis.health import Health
from townhall.chassis.relay import Relay
from townhall.chassis.waiting import rest
from townhall.chassis.work import going_on
from townhall.contracts import voting
from townhall.testing.databases import DatabaseOf


async def crowd(db: Database, messages: int) -> None:
    """Set aside as many unreadable messages, each of a key of its own."""
    topic = Topic()
    async with db.transaction() as tx:
        for number in range(messages):
            await aside.put(tx.session, topic.raw(f"k{number}", {}, b"junk"), "bad-envelope")


async def count(db: Database) -> int:
    """Count the messages that wait for an operator."""
    async with db.reading() as session:
        return await aside.causes(session)


async def until(seen: Callable[[], Awaitable[bool]]) -> None:
    """Look again and again until it is so."""
    while not await seen():
        await rest(0.1)


async def make_room(db: Database) -> None:
    """Do what `townhall aside drop` does, for all of them."""
    async with db.transaction() as tx:
        await tx.session.execute(text("UPDATE aside SET status = 'dropped'"))


async def choked(hearing: Hearing) -> bool:
    """Tell whether hearing has stopped."""
    return hearing.choked


@pytest.mark.parametrize(("messages", "room"), [(MOST_ASIDE - 1, True), (MOST_ASIDE, False)])
async def test_readiness_turns_red_without_waiting_for_the_next_message(
    database_of: DatabaseOf, *, messages: int, room: bool
) -> None:
    """G11: the messages that fill the aside may be the last for hours; operators are told at once."""
    db, bus = await database_of("voting"), Bus("127.0.0.1:1")
    subscriptions = [Subscription(voting.TOPIC, {})]
    hearing = Hearing(bus, db, subscriptions, Applying(db, Reader(subscriptions)))
    health = Health("voting", db, Relay(db.dsn, bus), hearing)
    await crowd(db, messages)
    assert await health.checks() == {"running": True, "database": True, "heard_once": False, "room_aside": room}
    await make_room(db)
    assert (await health.checks())["room_aside"]


@pytest.mark.broker
async def test_hearing_stops_until_there_is_room(database: Database, bus: Bus) -> None:
    """G11: with too much aside it isn't the messages that are wrong, so no more of them are taken."""
    await crowd(database, MOST_ASIDE)
    listener = Listener(1)
    hearing = listener.hearing(bus, database)
    async with going_on({"relay": Relay(database.dsn, bus).run, "hearing": hearing.run}), asyncio.timeout(60):
        await announce(database, [task := uuid4()], 1)
        await until(partial(choked, hearing))
        assert not listener.versions
        await make_room(database)
        await listener.all.wait()
    assert listener.versions == {task: [1]}


@pytest.mark.broker
async def test_one_batch_sets_no_more_aside_than_there_is_room_for(database: Database, bus: Bus) -> None:
    """G11: the limit holds within a batch too, and what found no room is neither lost nor skipped."""
    async with bus.producer() as producer:
        for number in range(MOST_ASIDE + 20):
            await producer.send(bus.topic(voting.TOPIC), b"junk", key=f"k{number}".encode(), partition=0)
    hearing = Listener(1).hearing(bus, database)
    async with going_on({"hearing": hearing.run}), asyncio.timeout(60):
        await until(partial(choked, hearing))
        assert await count(database) == MOST_ASIDE
        await make_room(database)
        await until(partial(_holds, database, 20))


async def _holds(db: Database, messages: int) -> bool:
    return await count(db) == messages
