"""The bus: the relay and the consumers against plain aiokafka, on the same broker in the same run, taking turns.

Every measure is taken three times and its median counts. Plain aiokafka sends and reads the very records the relay
publishes, with the bytes ready beforehand: message by message, as its users do, and for comparison in batches like the
relay's own, which stand for a relay without a database. Rates of reading run from the first records handled to the
last, so that how long a broker takes to let a group join is no part of them.
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
from proposal.consumers import subscriptions as timelines
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
TOGETHER: Final = 125
"""Tasks whose votes open, pass and close in one transaction of the announcing service."""
KINDS: Final = (voting.VoteScheduled, voting.VoteOpened, voting.ThresholdReached, voting.VoteClosed)
TITLE: Final = "심야 버스를 한 시간 더"
PLAIN: Final = "townhall.evaluation.v1"
BATCHED: Final = "townhall.committee.v1"
"""Topics nobody else uses here."""

Record = tuple[bytes, bytes, list[tuple[str, bytes]]]
"""Key, body and headers."""


async def measure(infrastructure: Infrastructure, many: int) -> dict[str, Any]:
    """Return how many events a second each moves."""
    gc.freeze()  # as a service does at its start
    rounds = [await _round(infrastructure, f"round{number}.", many) for number in range(ROUNDS)]
    rates = {name: median(each[name] for each in rounds) for name in rounds[0]}
    return {"events": many, "rounds": ROUNDS, **{f"{name}_per_second": round(rate) for name, rate in rates.items()}}


async def _round(infrastructure: Infrastructure, prefix: str, many: int) -> dict[str, float]:
    """Take each measure once, on topics of its own."""
    bus = replace(infrastructure.bus, prefix=prefix)
    await make_topics(bus)
    async with opened(await infrastructure.database("voting"), "voting") as db:
        await _announce(db, many)
        relayed = await _timed(many, lambda: _relayed(db, bus, many))
        records = await _records(db)
        produced = await _timed(many, lambda: _plain_produced(bus, records))
        batched = await _timed(many, lambda: _plain_batched(bus, records))
        with_effect = await _heard(db, bus, [_minimal()], many)
    async with opened(await infrastructure.database("proposal"), "proposal") as db:
        on_timelines = await _heard(db, bus, timelines(), many)
    consumed = await _plain_consumed(bus, many)
    await drop_topics(bus)
    return {
        "relay": relayed,
        "aiokafka_produce": produced,
        "aiokafka_batch_produce": batched,
        "consumer_with_effect": with_effect,
        "timeline": on_timelines,
        "aiokafka_consume": consumed,
    }


async def _timed(many: int, act: Callable[[], Awaitable[None]]) -> float:
    began = time.perf_counter()
    await act()
    return many / (time.perf_counter() - began)


async def _announce(db: Database, many: int) -> None:
    """Announce the votes of many tasks, four events of each, as many transactions at once would have left them."""
    for _ in range(0, many, TOGETHER * len(KINDS)):
        async with db.transaction() as tx:
            tasks = [TaskId(uuid4()) for _ in range(TOGETHER)]
            tx.announce(*(_event(kind, tx, task) for kind in KINDS for task in tasks))


def _event(kind: type[Event], tx: Transaction, task: TaskId) -> Event:
    said: dict[str, Any] = {"opens_at": tx.now, "closes_at": tx.now, "closed_at": tx.now, "reached_at": tx.now}
    said |= {"yes": 301, "no": 7, "more_than": 300, "threshold_reached": True, "title": TITLE}
    return kind.model_validate(said | {"task_id": task, "rule": RuleUsed(version=1, article="bench")})


async def _relayed(db: Database, bus: Bus, many: int) -> None:
    """Publish everything that waits in the outbox."""
    upto = _published() + many
    async with running({"relay": Relay(db.dsn, bus).run}):
        while _published() < upto:
            await sleep(0.005)


def _published() -> float:
    return sum(sample.value for sample in _samples(metrics.OUTBOX_PUBLISHED))


async def _records(db: Database) -> list[Record]:
    async with db.reading() as session:
        rows = (await session.execute(text("SELECT key, payload, headers FROM outbox ORDER BY id"))).all()
    return [(key.encode(), body, [(name, value.encode()) for name, value in said.items()]) for key, body, said in rows]


def _minimal() -> Subscription:
    """The least a consumer with an effect can do: a row for each event."""

    async def apply(tx: Transaction, received_events: Sequence[ReceivedEvent[Event]]) -> None:
        insert = text("INSERT INTO effect SELECT unnest(CAST(:events AS uuid[]))")
        await tx.session.execute(insert, {"events": [received.id for received in received_events]})

    return Subscription(voting.TOPIC, dict.fromkeys(KINDS, apply))


async def _heard(db: Database, bus: Bus, subscriptions: Sequence[Subscription], many: int) -> float:
    """Hear it all, every event with its inbox row and its effect; return the rate."""
    async with db.transaction() as tx:
        await tx.session.execute(text("CREATE TABLE IF NOT EXISTS effect (event uuid PRIMARY KEY)"))
    before = _applied()
    consumer = Consumer(bus, db, subscriptions, Processor(db, subscriptions))
    async with running({"consumer": consumer.run}):
        while not (first := _applied() - before):
            await sleep(0.01)
        return await _timed(int(many - first), lambda: _until(before + many))


async def _until(applied: float) -> None:
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
    """Give the producer whole batches, one of up to a thousand records to each partition at a time."""
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
            sent = [await producer.send_batch(each, topic, partition=place) for place, each in batches.items()]
            await asyncio.gather(*sent)
    finally:
        await producer.stop()


async def _plain_consumed(bus: Bus, many: int) -> float:
    """Read it all and do nothing with it; return the rate."""
    topic, waits = bus.topic(PLAIN), bus.fetch_wait_ms
    consumer = AIOKafkaConsumer(
        topic, bootstrap_servers=bus.servers, auto_offset_reset="earliest", fetch_max_wait_ms=waits
    )
    await consumer.start()
    try:
        while not (first := await _taken(consumer)):
            pass
        return await _timed(many - first, lambda: _take(consumer, many - first))
    finally:
        await consumer.stop()


async def _take(consumer: "AIOKafkaConsumer[Any, Any]", many: int) -> None:
    while many > 0:
        many -= await _taken(consumer)


async def _taken(consumer: "AIOKafkaConsumer[Any, Any]") -> int:
    return sum(len(part) for part in (await consumer.getmany(timeout_ms=1000, max_records=500)).values())
