"""The relay and the hearing over a real broker."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from shared.tests.facts import closed
from townhall.chassis.broker import Bus
from townhall.chassis.db import Database, Transaction
from townhall.chassis.delivery import Hearing, Subscription
from townhall.chassis.delivery.applying import Applying
from townhall.chassis.delivery.reading import Reader
from townhall.chassis.relay import Relay
from townhall.chassis.work import going_on
from townhall.contracts import Heard, voting

pytestmark = pytest.mark.broker


class Listener:
    """Hears `voting` and remembers, by key, the versions it was given."""

    def __init__(self, expected: int) -> None:
        self.versions: dict[UUID, list[int]] = {}
        self.all = asyncio.Event()
        self._left = expected

    async def apply(self, _tx: Transaction, heards: Sequence[Heard[voting.VoteClosed]]) -> None:
        """Remember the versions; tell when everything expected was heard."""
        for heard in heards:
            self.versions.setdefault(heard.event.task_id, []).append(heard.version)
        self._left -= len(heards)
        if self._left == 0:
            self.all.set()

    def hearing(self, bus: Bus, db: Database) -> Hearing:
        """Return a consumer that ends here."""
        subscriptions = [Subscription(voting.TOPIC, {voting.VoteClosed: self.apply})]
        return Hearing(bus, db, subscriptions, Applying(db, Reader(subscriptions)))


async def announce(db: Database, tasks: list[UUID], times: int) -> None:
    """Announce as many events for each task."""
    for _ in range(times):
        async with db.transaction() as tx:
            tx.announce(*(closed(task) for task in tasks))


async def unsent(db: Database) -> int:
    """Return how many events wait for the broker."""
    async with db.reading() as session:
        return int((await session.execute(text("SELECT count(*) FROM outbox WHERE sent_at IS NULL"))).scalar_one())


async def test_every_key_is_heard_in_order_and_whole(database: Database, bus: Bus) -> None:
    """G8, G9: what was committed is heard, each key with the versions 1, 2, 3 … in order."""
    tasks = [uuid4() for _ in range(12)]
    listener = Listener(12 * 40)
    works = {"relay": Relay(database.dsn, bus).run, "hearing": listener.hearing(bus, database).run}
    async with going_on(works), asyncio.timeout(60):
        await announce(database, tasks, 40)
        await listener.all.wait()
    assert listener.versions == {task: list(range(1, 41)) for task in tasks}


async def test_one_relay_leads_and_another_takes_over(database: Database, bus: Bus) -> None:
    """G8: two relays publish nothing twice in a healthy run, and when the leader ends the other goes on."""
    first, second = Relay(database.dsn, bus), Relay(database.dsn, bus)
    listener = Listener(20)
    async with going_on({"hearing": listener.hearing(bus, database).run, "second": second.run}), asyncio.timeout(60):
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
    works = {"relay": Relay(database.dsn, bus).run, "hearing": listener.hearing(bus, database).run}
    async with going_on(works), asyncio.timeout(60):
        await listener.all.wait()


async def test_a_refilled_topic_repeats_without_effect(database: Database, bus: Bus) -> None:
    """G13: a refill publishes everything again; the inbox knows it all."""
    listener = Listener(6)
    works = {"relay": Relay(database.dsn, bus).run, "hearing": listener.hearing(bus, database).run}
    async with going_on(works), asyncio.timeout(60):
        await announce(database, [task := uuid4()], 5)
        async with database.transaction() as tx:
            await tx.session.execute(text("UPDATE outbox SET sent_at = NULL"))
        await announce(database, [task], 1)
        await listener.all.wait()
    assert listener.versions == {task: [1, 2, 3, 4, 5, 6]}


async def test_a_new_life_of_the_database_hears_everything(database: Database, bus: Bus) -> None:
    """G12: an emptied database is a new consumer group and hears from the beginning."""
    works = {"relay": Relay(database.dsn, bus).run}
    async with going_on(works), asyncio.timeout(60):
        await announce(database, [task := uuid4()], 4)
        first = Listener(4)
        async with going_on({"hearing": first.hearing(bus, database).run}):
            await first.all.wait()
        async with database.transaction() as tx:
            await tx.session.execute(text("UPDATE incarnation SET id = gen_random_uuid()"))
            await tx.session.execute(text("TRUNCATE inbox"))
        second = Listener(4)
        async with going_on({"hearing": partial(second.hearing(bus, database).run)}):
            await second.all.wait()
    assert second.versions == {task: [1, 2, 3, 4]}
