"""The bus: the relay and the consumers against plain aiokafka, on the same broker in the same run."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID, uuid4

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from sqlalchemy import text

from bench.ground import Ground, opened
from townhall.chassis.broker import Bus
from townhall.chassis.db import Database, Transaction
from townhall.chassis.delivery import Hearing, Subscription
from townhall.chassis.delivery.applying import Applying
from townhall.chassis.delivery.reading import Reader
from townhall.chassis.relay import Relay
from townhall.chassis.waiting import rest
from townhall.chassis.work import going_on
from townhall.contracts import Heard, voting
from townhall.contracts.values import RuleUsed, TaskId

KEYS = 200
PAYLOAD = b"x" * 220


async def measure(ground: Ground, many: int) -> dict[str, Any]:
    """Return how many events a second each moves."""
    url = await ground.database("voting")
    async with opened(url, "voting") as db:
        await _announce(db, many)
        published = await _timed(many, lambda: _relayed(db, ground.bus))
        heard = await _timed(many, lambda: _heard(db, ground.bus, many))
    produced = await _timed(many, lambda: _plain_produced(ground.bus, many))
    consumed = await _timed(many, lambda: _plain_consumed(ground.bus, many))
    return {
        "events": many,
        "relay_per_second": published,
        "aiokafka_produce_per_second": produced,
        "consumer_with_effect_per_second": heard,
        "aiokafka_consume_per_second": consumed,
    }


async def _timed(many: int, act: Callable[[], Awaitable[None]]) -> float:
    began = time.perf_counter()
    await act()
    return round(many / (time.perf_counter() - began), 1)


async def _announce(db: Database, many: int) -> None:
    tasks = [uuid4() for _ in range(KEYS)]
    for start in range(0, many, 500):
        async with db.transaction() as tx:
            tx.announce(*(_closed(tx, tasks[number % KEYS]) for number in range(start, min(start + 500, many))))


def _closed(tx: Transaction, task: UUID) -> voting.VoteClosed:
    rule = RuleUsed(version=1, article="bench")
    return voting.VoteClosed(task_id=TaskId(task), yes=1, no=0, threshold_reached=False, closed_at=tx.now, rule=rule)


async def _relayed(db: Database, bus: Bus) -> None:
    """Publish everything that waits in the outbox."""
    async with going_on({"relay": Relay(db.dsn, bus).run}):
        while await _unsent(db):
            await rest(0.05)


async def _unsent(db: Database) -> bool:
    async with db.reading() as session:
        return bool((await session.execute(text("SELECT EXISTS (SELECT FROM outbox WHERE sent_at IS NULL)"))).scalar())


async def _heard(db: Database, bus: Bus, many: int) -> None:
    """Hear it all, each event with inbox and one row of effect."""
    async with db.transaction() as tx:
        await tx.session.execute(text("CREATE TABLE effect (event uuid PRIMARY KEY)"))
    done = asyncio.Event()
    left = many

    async def apply(tx: Transaction, heard: Heard[voting.VoteClosed]) -> None:
        nonlocal left
        await tx.session.execute(text("INSERT INTO effect VALUES (:event)"), {"event": heard.id})
        left -= 1
        if not left:
            done.set()

    subscriptions = [Subscription(voting.TOPIC, {voting.VoteClosed: apply})]
    hearing = Hearing(bus, db, subscriptions, Applying(db, Reader(subscriptions)))
    async with going_on({"hearing": hearing.run}):
        await done.wait()


async def _plain_produced(bus: Bus, many: int) -> None:
    producer = AIOKafkaProducer(bootstrap_servers=bus.servers, acks="all", linger_ms=5)
    await producer.start()
    try:
        headers = [("ce_type", b"x"), ("ce_id", b"y"), ("ce_time", b"z"), ("content-type", b"application/json")]
        sent = [
            await producer.send("townhall.evaluation.v1", PAYLOAD, key=str(number % KEYS).encode(), headers=headers)
            for number in range(many)
        ]
        await asyncio.gather(*sent)
    finally:
        await producer.stop()


async def _plain_consumed(bus: Bus, many: int) -> None:
    consumer = AIOKafkaConsumer(
        "townhall.evaluation.v1",
        bootstrap_servers=bus.servers,
        auto_offset_reset="earliest",
        fetch_max_wait_ms=50,
    )
    await consumer.start()
    try:
        seen = 0
        while seen < many:
            seen += sum(len(part) for part in (await consumer.getmany(timeout_ms=1000)).values())
    finally:
        await consumer.stop()
