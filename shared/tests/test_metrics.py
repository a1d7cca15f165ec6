"""Every metric of the chassis is moved by what it is named after."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any
from uuid import uuid4

import pytest
from aiokafka import TopicPartition
from prometheus_client import REGISTRY
from sqlalchemy import text

from shared.tests.effects import Effects
from shared.tests.facts import Topic, closed
from shared.tests.sample_service import app_of, client_of
from shared.tests.token_variants import Issuer
from tests.contracts.metric_tables import moved
from townhall.chassis.background import running
from townhall.chassis.broker import Bus
from townhall.chassis.broker_access import BrokerAccess
from townhall.chassis.consuming import Consumer, Processor, Subscription
from townhall.chassis.consuming.consumer import BATCH
from townhall.chassis.consuming.status import ConsumingStatus, StopReason
from townhall.chassis.db import Database, Transaction
from townhall.chassis.outbox.publisher import Publisher
from townhall.chassis.outbox.relay import UNSENT, Relay
from townhall.chassis.retrying import sleep
from townhall.chassis.telemetry import gauges, metrics
from townhall.contracts import ReceivedEvent, proposal, voting
from townhall.embedded.databases import connected

MODULE = "townhall.chassis.telemetry.metrics"


def value(name: str, **labels: str) -> float:
    """Return a sample's value; 0 if it was never set."""
    return REGISTRY.get_sample_value(name, labels) or 0.0


def partitions(name: str, topic: str) -> set[str]:
    """Return the partitions of a topic that a metric has samples of."""
    samples = (sample for family in REGISTRY.collect() if family.name == name for sample in family.samples)
    return {sample.labels["partition"] for sample in samples if sample.labels["topic"] == topic}


async def until(so: Callable[[], bool]) -> None:
    """Look again until it is so."""
    async with asyncio.timeout(60):
        while not so():
            await sleep(0.02)


async def every_outcome(db: Database) -> None:
    """Process a message of each outcome."""
    effects, topic = Effects(db), Topic()
    await effects.prepare()
    effects.refused, effects.cannot, effects.fails = {1}, {2}, 1
    bad, known = uuid4(), topic.message(closed(yes=3))
    for message in (
        known,
        known,
        topic.message(closed(yes=1)),
        topic.message(closed(bad, yes=2)),
        topic.message(closed(bad, yes=4)),
        topic.raw("k", {"ce_type": "voting.vote-abandoned.v1"}, b""),
        topic.raw("k", {"ce_type": voting.VoteOpened.TYPE}, b""),
    ):
        await effects.processor.process([message])


async def fail_to_publish(db: Database, bus: Bus) -> None:
    """Publish the outbox with a producer that has lost its broker."""
    producer = bus.producer()
    await producer.start()
    publisher = Publisher(bus, producer, BrokerAccess(bus, "relay"))
    async with connected(db.dsn) as connection:
        rows = await connection.fetch(UNSENT, [])
        await producer.partitions_for(bus.topic(voting.TOPIC))
        await producer.stop()
        with suppress(Exception):
            await publisher.publish(rows)


@pytest.mark.parametrize("outcome", ["applied", "duplicate", "refused", "ignored", "unknown", "parked", "dead-letter"])
async def test_each_outcome_of_a_message_is_counted(database: Database, outcome: str) -> None:
    """By the outcomes its help text names, each once."""

    def counted() -> float:
        samples = (sample for family in metrics.CONSUMED.collect() for sample in family.samples)
        return sum(
            each.value for each in samples if each.labels.get("outcome") == outcome and "_created" not in each.name
        )

    before = counted()
    await every_outcome(database)
    assert counted() == before + 1


async def test_every_metric_of_the_chassis_is_moved(database: Database, bus: Bus) -> None:
    """By a service that consumes, fails, publishes, fails to publish, lags and answers."""
    waiting, lagging = asyncio.Event(), asyncio.Event()

    async def slow(_tx: Transaction, _received: Sequence[ReceivedEvent[Any]]) -> None:
        waiting.set()
        await lagging.wait()

    await every_outcome(database)
    async with client_of(app_of(Issuer())) as client:
        await client.get("/notes")
    metrics.describe_build("sample", "1")
    async with database.transaction() as tx:
        await tx.session.execute(text("DELETE FROM outbox"))  # The copy of the dead letter, which has no topic here.
        tx.announce(*(closed() for _ in range(3 * BATCH)))
    async with running({"gauges": lambda: gauges.watch(database)}):
        await until(lambda: value("townhall_outbox_pending") >= 3 * BATCH)
    await fail_to_publish(database, bus)
    subscriptions = [Subscription(voting.TOPIC, {voting.VoteClosed: slow})]
    consumer = Consumer(bus, database, subscriptions, Processor(database, subscriptions))
    async with running({"relay": Relay(database.dsn, bus).run, "consumer": consumer.run}):
        await until(waiting.is_set)
        assert value("townhall_consuming", topic=voting.TOPIC) == 1
        await lag_is_seen(bus)
        ConsumingStatus([proposal.TOPIC]).resume(StopReason.NOT_JOINED)
        consumer.status.stop(StopReason.DEAD_LETTERS)
        assert not [name for name, has_moved in moved(MODULE).items() if not has_moved]
        lagging.set()


async def lag_is_seen(bus: Bus) -> None:
    """Wait until both lag metrics of some partition are above zero."""
    topic = bus.topic(voting.TOPIC)

    def lags() -> bool:
        return any(
            value("townhall_consumer_lag_records", topic=topic, partition=partition)
            and value("townhall_consumer_lag_seconds", topic=topic, partition=partition)
            for partition in partitions("townhall_consumer_lag_records", topic)
        )

    await until(lags)


async def test_a_partition_given_away_has_no_lag(database: Database, bus: Bus) -> None:
    """Its labels go with it at a rebalance, and all of them when the consumer stops."""
    topic = bus.topic(voting.TOPIC)
    subscriptions = [Subscription(voting.TOPIC, {})]
    consumer = Consumer(bus, database, subscriptions, Processor(database, subscriptions))
    names = ("townhall_consumer_lag_records", "townhall_consumer_lag_seconds")
    async with running({"consumer": consumer.run}):
        await until(lambda: all(partitions(name, topic) for name in names))
        given_away = min(partitions(names[0], topic))
        await consumer.on_partitions_revoked([TopicPartition(topic, int(given_away))])
        assert not [name for name in names if given_away in partitions(name, topic)]
    assert not [name for name in names if partitions(name, topic)]
