"""The relay and the consumer with a real broker."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from typing import Any
from uuid import UUID, uuid4

import pytest
from aiokafka import AIOKafkaConsumer, ConsumerRecord
from sqlalchemy import text

from shared.tests.facts import closed
from townhall.chassis import outbox
from townhall.chassis.background import running
from townhall.chassis.broker import Bus
from townhall.chassis.consuming import Consumer, Processor, Subscription
from townhall.chassis.db import Database, Transaction
from townhall.chassis.outbox import LARGEST, Announcement
from townhall.chassis.outbox.relay import BATCH, MAX_BYTES, UNSENT, ReadOnly, Relay
from townhall.chassis.retrying import sleep
from townhall.chassis.telemetry import tracing
from townhall.contracts import ReceivedEvent, voting
from townhall.embedded.databases import connected
from townhall.embedded.server import Server

pytestmark = pytest.mark.broker


class Listener:
    """Consumes `voting` and records, by key, the versions received."""

    def __init__(self, expected: int) -> None:
        self.versions: dict[UUID, list[int]] = {}
        self.all = asyncio.Event()
        self._left = expected

    async def apply(self, _tx: Transaction, received_events: Sequence[ReceivedEvent[voting.VoteClosed]]) -> None:
        """Remember the versions; tell when everything expected was received."""
        for received in received_events:
            self.versions.setdefault(received.event.task_id, []).append(received.version)
        self._left -= len(received_events)
        if self._left == 0:
            self.all.set()

    def consumer(self, bus: Bus, db: Database) -> Consumer:
        """Return a consumer that ends here."""
        subscriptions = [Subscription(voting.TOPIC, {voting.VoteClosed: self.apply})]
        return Consumer(bus, db, subscriptions, Processor(db, subscriptions))


async def announce(db: Database, tasks: list[UUID], times: int) -> None:
    """Announce as many events for each task."""
    for _ in range(times):
        async with db.transaction() as tx:
            tx.announce(*(closed(task) for task in tasks))


def large(task: UUID) -> voting.VoteClosed:
    """Return an event of which a batch holds three."""
    event = closed(task)
    rule = event.rule.model_copy(update={"article": "x" * (LARGEST - 500)})
    return voting.VoteClosed.model_construct(**(dict(event) | {"rule": rule}))


async def sent(db: Database) -> int:
    """Return how many events the broker acknowledged."""
    async with db.reading() as session:
        return int((await session.execute(text("SELECT count(*) FROM outbox WHERE sent_at IS NOT NULL"))).scalar_one())


async def unsent(db: Database) -> int:
    """Return how many events wait for the broker."""
    async with db.reading() as session:
        return int((await session.execute(text("SELECT count(*) FROM outbox WHERE sent_at IS NULL"))).scalar_one())


async def test_every_key_is_delivered_in_order_and_complete(database: Database, bus: Bus) -> None:
    """G8, G9: all committed events are consumed, each key with the versions 1, 2, 3 … in order."""
    tasks = [uuid4() for _ in range(12)]
    listener = Listener(12 * 40)
    works = {"relay": Relay(database.dsn, bus).run, "consumer": listener.consumer(bus, database).run}
    async with running(works), asyncio.timeout(60):
        await announce(database, tasks, 40)
        await listener.all.wait()
    assert listener.versions == {task: list(range(1, 41)) for task in tasks}


async def published(db: Database, bus: Bus) -> list[tuple[str, int]]:
    """Run a relay until the outbox is empty; return key and version of every record of the topic, as they lie there."""
    async with running({"relay": Relay(db.dsn, bus).run}), asyncio.timeout(60):
        while await unsent(db):
            await sleep(0.05)
    found: list[tuple[str, int]] = []
    async with db.reading() as session:
        announced = (await session.execute(text("SELECT count(*) FROM outbox"))).scalar_one()
    waits = bus.fetch_wait_ms
    consumer = AIOKafkaConsumer(
        bus.topic(voting.TOPIC), bootstrap_servers=bus.servers, auto_offset_reset="earliest", fetch_max_wait_ms=waits
    )
    await consumer.start()
    try:
        while (parts := await consumer.getmany(timeout_ms=500)) or len(found) < announced:
            found += [(record.key.decode(), _version(record)) for part in parts.values() for record in part]
    finally:
        await consumer.stop()
    return found


def _version(record: "ConsumerRecord[Any, Any]") -> int:
    return int(dict(record.headers)["ce_sequence"])


async def test_a_backlog_is_published_whole_in_order_and_once(database: Database, bus: Bus) -> None:
    """G8, G9: what the relay reads while the broker acknowledges neither repeats a row nor overtakes one."""
    tasks = [uuid4() for _ in range(50)]
    await announce(database, tasks, 3 * BATCH // len(tasks) + 3)
    records = await published(database, bus)
    for task in tasks:
        assert [version for key, version in records if key == str(task)] == list(range(1, 64))


async def test_rows_that_fit_no_batch_are_not_overtaken(database: Database, bus: Bus) -> None:
    """G9: where a batch holds only some of the rows, the next ones of a key wait, although they were read already."""
    task, other = uuid4(), uuid4()
    async with database.transaction() as tx:
        tx.announce(*(large(task) for _ in range(8)))
    await announce(database, [task, other], BATCH)
    records = await published(database, bus)
    assert [version for key, version in records if key == str(task)] == list(range(1, BATCH + 9))
    assert [version for key, version in records if key == str(other)] == list(range(1, BATCH + 1))


async def test_large_events_are_read_a_few_at_a_time(database: Database, bus: Bus) -> None:
    """G9: however large events are, the relay holds only so much of them, and publishes them whole and in order."""
    task, many = uuid4(), 2 * MAX_BYTES // LARGEST + 5
    async with database.transaction() as tx:
        tx.announce(*(large(task) for _ in range(many)))
    async with connected(database.dsn) as connection:
        first = await connection.fetch(UNSENT, [])
        second = await connection.fetch(UNSENT, [row["id"] for row in first])
    sizes = [sum(len(row["payload"]) for row in rows) for rows in (first, second)]
    assert all(MAX_BYTES <= size < MAX_BYTES + LARGEST for size in sizes)
    records = await published(database, bus)
    assert [version for _, version in records] == list(range(1, many + 1))


async def test_a_row_that_is_committed_late_is_published(database: Database, bus: Bus) -> None:
    """G8: a transaction that ends while later rows are on their way is found, whatever id its row has."""
    late, others = uuid4(), [uuid4() for _ in range(40)]
    written, over = asyncio.Event(), asyncio.Event()

    async def slow() -> None:
        async with database.transaction() as tx:
            await outbox.write(tx.session, "voting", [Announcement(closed(late), tracing.new_traceparent())], tx.now)
            written.set()
            await over.wait()

    task = asyncio.create_task(slow())
    await written.wait()
    await announce(database, others, 4 * BATCH // len(others))
    listener = Listener(4 * BATCH + 1)
    works = {"relay": Relay(database.dsn, bus).run, "consumer": listener.consumer(bus, database).run}
    async with running(works), asyncio.timeout(60):
        while not await sent(database):
            await sleep(0.002)
        over.set()
        await task
        await listener.all.wait()
    assert listener.versions[late] == [1]


async def test_one_relay_leads_and_another_takes_over(database: Database, bus: Bus) -> None:
    """G8: two relays publish nothing twice in a healthy run, and when the leader ends the other goes on."""
    first, second = Relay(database.dsn, bus), Relay(database.dsn, bus)
    listener = Listener(20)
    async with running({"consumer": listener.consumer(bus, database).run, "second": second.run}), asyncio.timeout(60):
        leader = asyncio.create_task(first.run())
        await announce(database, [uuid4()], 10)
        leader.cancel()
        with suppress(asyncio.CancelledError):
            await leader
        await announce(database, [uuid4()], 10)
        await listener.all.wait()
    assert all(versions == list(range(1, 11)) for versions in listener.versions.values())


async def test_events_wait_for_a_broker_that_is_away(database: Database, bus: Bus) -> None:
    """G14: a relay without its broker fails without marking anything; one with it sends all."""
    await announce(database, [uuid4()], 3)
    with pytest.raises(Exception):  # noqa: B017, PT011  whatever aiokafka says
        await Relay(database.dsn, Bus("127.0.0.1:1")).run()
    assert await unsent(database) == 3
    listener = Listener(3)
    works = {"relay": Relay(database.dsn, bus).run, "consumer": listener.consumer(bus, database).run}
    async with running(works), asyncio.timeout(60):
        await listener.all.wait()


async def test_who_asks_for_a_topic_does_not_make_it(empty_broker: Server) -> None:
    """Topics are the operator's alone, even on a broker that would make each one it is asked for."""
    bus = Bus(empty_broker.address)
    async with bus.producer() as producer:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(producer.partitions_for(voting.TOPIC), 1)
        known = await producer.client.fetch_all_metadata()
    assert voting.TOPIC not in known.topics()


async def test_a_refilled_topic_repeats_without_effect(database: Database, bus: Bus) -> None:
    """G13: a refill publishes everything again; the inbox knows it all."""
    listener = Listener(6)
    works = {"relay": Relay(database.dsn, bus).run, "consumer": listener.consumer(bus, database).run}
    async with running(works), asyncio.timeout(60):
        await announce(database, [task := uuid4()], 5)
        async with database.transaction() as tx:
            await tx.session.execute(text("UPDATE outbox SET sent_at = NULL"))
        await announce(database, [task], 1)
        await listener.all.wait()
    assert listener.versions == {task: [1, 2, 3, 4, 5, 6]}


async def test_a_new_incarnation_consumes_everything(database: Database, bus: Bus) -> None:
    """G12: an emptied database has a new consumer group, which consumes from the beginning."""
    works = {"relay": Relay(database.dsn, bus).run}
    async with running(works), asyncio.timeout(60):
        await announce(database, [task := uuid4()], 4)
        first = Listener(4)
        async with running({"consumer": first.consumer(bus, database).run}):
            await first.all.wait()
        async with database.transaction() as tx:
            await tx.session.execute(text("UPDATE incarnation SET id = gen_random_uuid()"))
            await tx.session.execute(text("TRUNCATE inbox"))
        second = Listener(4)
        async with running({"consumer": partial(second.consumer(bus, database).run)}):
            await second.all.wait()
    assert second.versions == {task: [1, 2, 3, 4]}


async def test_a_relay_leaves_a_server_that_takes_no_writes(database: Database, bus: Bus) -> None:
    """G14: a primary that was replaced has nothing new to publish and never fails; the relay looks for the new one."""
    async with connected(database.dsn) as connection:
        name = await connection.fetchval("SELECT current_database()")
        await connection.execute(f'ALTER DATABASE "{name}" SET default_transaction_read_only = on')
    async with asyncio.timeout(30):
        with pytest.raises(ReadOnly):
            await Relay(database.dsn, bus).run()
