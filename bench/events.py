"""Publishing and consuming: relay and consumers against plain aiokafka, on the same broker in the same run.

Every figure is the median of three. Plain aiokafka sends and reads the records that the relay publishes, already
serialised: message by message, as is usual, and in batches like the relay's, as a relay without a database. Rates of
consuming count from the first processed records to the last, so that the time to join a group is left out.
"""

import asyncio
import gc
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import replace
from statistics import median
from typing import Any, Final
from uuid import uuid4

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.partitioner import DefaultPartitioner
from prometheus_client import Counter
from prometheus_client.samples import Sample
from sqlalchemy import text

from bench.infrastructure import Infrastructure, opened
from proposal.consumers import subscriptions as timeline_subscriptions
from townhall.chassis.background import running
from townhall.chassis.broker import Bus
from townhall.chassis.consuming import Consumer, Processor, Subscription
from townhall.chassis.db import Database, Transaction
from townhall.chassis.outbox.relay import BATCH as RELAYED
from townhall.chassis.outbox.relay import Relay
from townhall.chassis.retrying import sleep
from townhall.chassis.telemetry import metrics
from townhall.contracts import Event, ReceivedEvent, voting
from townhall.contracts.values import RuleUsed, TaskId
from townhall.testing.brokers import drop_topics, make_topics

ROUNDS: Final = 3
TASKS_PER_TRANSACTION: Final = 125
"""Tasks whose events are announced in one transaction."""
KINDS: Final = (voting.VoteScheduled, voting.VoteOpened, voting.ThresholdReached, voting.VoteClosed)
TITLE: Final = "심야 버스를 한 시간 더"
PLAIN: Final = "townhall.evaluation.v1"
BATCHED: Final = "townhall.committee.v1"
"""Topics for the plain producers, which nothing else uses here."""

Record = tuple[bytes, bytes, list[tuple[str, bytes]]]
"""Key, body and headers."""


async def measure(infrastructure: Infrastructure, count: int) -> dict[str, Any]:
    """Return the events per second of each method."""
    gc.freeze()  # as a service does at its start
    rounds = [await _round(infrastructure, f"round{number}.", count) for number in range(ROUNDS)]
    rates = {name: median(each[name] for each in rounds) for name in rounds[0]}
    return {"events": count, "rounds": ROUNDS, **{f"{name}_per_second": round(rate) for name, rate in rates.items()}}


async def _round(infrastructure: Infrastructure, prefix: str, count: int) -> dict[str, float]:
    """Measure each method once, on separate topics."""
    bus = replace(infrastructure.bus, prefix=prefix)
    await make_topics(bus)
    async with opened(await infrastructure.database("voting"), "voting") as db:
        await _announce(db, count)
        relayed = await _timed(count, lambda: _relay(db, bus, count))
        records = await _records(db)
        produced = await _timed(count, lambda: _plain_produced(bus, records))
        batched = await _timed(count, lambda: _plain_batched(bus, records))
        with_effect = await _consume(db, bus, [_minimal()], count)
    async with opened(await infrastructure.database("proposal"), "proposal") as db:
        on_timelines = await _consume(db, bus, timeline_subscriptions(), count)
    consumed = await _plain_consumed(bus, count)
    await drop_topics(bus)
    return {
        "relay": relayed,
        "aiokafka_produce": produced,
        "aiokafka_batch_produce": batched,
        "consumer_with_effect": with_effect,
        "timeline": on_timelines,
        "aiokafka_consume": consumed,
    }


async def _timed(count: int, act: Callable[[], Awaitable[None]]) -> float:
    started_at = time.perf_counter()
    await act()
    return count / (time.perf_counter() - started_at)


async def _announce(db: Database, count: int) -> None:
    """Announce four events for each of the tasks, interleaved as by concurrent transactions."""
    for _ in range(0, count, TASKS_PER_TRANSACTION * len(KINDS)):
        async with db.transaction() as tx:
            tasks = [TaskId(uuid4()) for _ in range(TASKS_PER_TRANSACTION)]
            tx.announce(*(_event(kind, tx, task) for kind in KINDS for task in tasks))


def _event(kind: type[Event], tx: Transaction, task: TaskId) -> Event:
    fields: dict[str, Any] = {"opens_at": tx.now, "closes_at": tx.now, "closed_at": tx.now, "reached_at": tx.now}
    fields |= {"yes": 301, "no": 7, "more_than": 300, "threshold_reached": True, "title": TITLE}
    return kind.model_validate(fields | {"task_id": task, "rule": RuleUsed(version=1, article="bench")})


async def _relay(db: Database, bus: Bus, count: int) -> None:
    """Publish everything in the outbox."""
    target = _published() + count
    async with running({"relay": Relay(db.dsn, bus).run}):
        while _published() < target:
            await sleep(0.005)


def _published() -> float:
    return sum(sample.value for sample in _samples(metrics.OUTBOX_PUBLISHED))


async def _records(db: Database) -> list[Record]:
    async with db.reading() as session:
        rows = (await session.execute(text("SELECT key, payload, headers FROM outbox ORDER BY id"))).all()
    return [
        (key.encode(), body, [(name, value.encode()) for name, value in headers.items()]) for key, body, headers in rows
    ]


def _minimal() -> Subscription:
    """Return a subscription with a minimal effect: a row for each event."""

    async def apply(tx: Transaction, received_events: Sequence[ReceivedEvent[Event]]) -> None:
        insert = text("INSERT INTO effect SELECT unnest(CAST(:events AS uuid[]))")
        await tx.session.execute(insert, {"events": [received.id for received in received_events]})

    return Subscription(voting.TOPIC, dict.fromkeys(KINDS, apply))


async def _consume(db: Database, bus: Bus, subscriptions: Sequence[Subscription], count: int) -> float:
    """Consume all events, each with its inbox row and effect; return the rate."""
    async with db.transaction() as tx:
        await tx.session.execute(text("CREATE TABLE IF NOT EXISTS effect (event uuid PRIMARY KEY)"))
    before = _applied()
    consumer = Consumer(bus, db, subscriptions, Processor(db, subscriptions))
    async with running({"consumer": consumer.run}):
        while not (first := _applied() - before):
            await sleep(0.01)
        return await _timed(int(count - first), lambda: _wait_until_applied(before + count))


async def _wait_until_applied(applied: float) -> None:
    while _applied() < applied:
        await sleep(0.01)


def _applied() -> float:
    return sum(each.value for each in _samples(metrics.CONSUMED) if each.labels["outcome"] == "applied")


def _samples(counter: Counter) -> Iterator[Sample]:
    return (sample for family in counter.collect() for sample in family.samples if sample.name.endswith("_total"))


async def _plain_produced(bus: Bus, records: Sequence[Record]) -> None:
    producer = AIOKafkaProducer(bootstrap_servers=bus.servers, acks="all", linger_ms=5)
    await producer.start()
    try:
        topic = bus.topic(PLAIN)
        sent = [await producer.send(topic, value, key=key, headers=headers) for key, value, headers in records]
        await asyncio.gather(*sent)
    finally:
        await producer.stop()


async def _plain_batched(bus: Bus, records: Sequence[Record]) -> None:
    """Send whole batches of up to a thousand records to each partition."""
    producer = bus.producer()
    await producer.start()
    try:
        topic = bus.topic(BATCHED)
        partitions = sorted(await producer.partitions_for(topic))
        partition_of = DefaultPartitioner()
        for start in range(0, len(records), RELAYED):
            batches = {partition: producer.create_batch() for partition in partitions}
            for key, value, headers in records[start : start + RELAYED]:
                batch = batches[partition_of(key, partitions, partitions)]
                batch.append(key=key, value=value, timestamp=None, headers=headers)
            sent = [await producer.send_batch(each, topic, partition=partition) for partition, each in batches.items()]
            await asyncio.gather(*sent)
    finally:
        await producer.stop()


async def _plain_consumed(bus: Bus, count: int) -> float:
    """Read all records without processing them; return the rate."""
    topic, waits = bus.topic(PLAIN), bus.fetch_wait_ms
    consumer = AIOKafkaConsumer(
        topic, bootstrap_servers=bus.servers, auto_offset_reset="earliest", fetch_max_wait_ms=waits
    )
    await consumer.start()
    try:
        while not (first := await _poll(consumer)):
            pass
        return await _timed(count - first, lambda: _poll_all(consumer, count - first))
    finally:
        await consumer.stop()


async def _poll_all(consumer: "AIOKafkaConsumer[Any, Any]", count: int) -> None:
    while count > 0:
        count -= await _poll(consumer)


async def _poll(consumer: "AIOKafkaConsumer[Any, Any]") -> int:
    return sum(len(part) for part in (await consumer.getcount(timeout_ms=1000, max_records=500)).values())
