"""The outbox: events are stored in the transaction of their cause, or not at all."""

import asyncio
import json
from datetime import UTC
from uuid import uuid4

import asyncpg
import pytest
from sqlalchemy import text

from shared.tests.facts import closed
from townhall.chassis import outbox
from townhall.chassis.db import Database
from townhall.chassis.outbox import LARGEST, EventTooLarge
from townhall.chassis.telemetry import tracing
from townhall.contracts.voting import VoteClosed


async def rows(db: Database) -> list[dict[str, str]]:
    """Return the headers of all announced events, in order."""
    async with db.reading() as session:
        found = await session.execute(text("SELECT headers FROM outbox ORDER BY id"))
        return list(found.scalars())


class Undone(Exception):
    """Something went wrong after the announcement."""


async def test_nothing_is_announced_by_a_transaction_that_fails(database: Database) -> None:
    """G8: a rolled-back transaction leaves no event and no gap in the versions."""
    task = uuid4()

    async def undone() -> None:
        async with database.transaction() as tx:
            tx.announce(closed(task))
            raise Undone

    with pytest.raises(Undone):
        await undone()
    async with database.transaction() as tx:
        tx.announce(closed(task))
    assert [row["ce_sequence"] for row in await rows(database)] == [f"{1:020}"]


async def test_an_event_says_who_announced_it_and_when(database: Database) -> None:
    """The envelope carries CloudEvents' attributes and the trace of the cause."""
    event = closed()
    traceparent = tracing.new_traceparent()
    with tracing.request_span("POST", traceparent):
        async with database.transaction() as tx:
            tx.announce(event)
    (headers,) = await rows(database)
    assert headers["ce_type"] == "voting.vote-closed.v1"
    assert headers["ce_subject"] == str(event.task_id)
    assert headers["ce_source"] == "townhall/voting"
    assert headers["ce_dataschema"] == f"{database.public_url}/schemas/voting.vote-closed.v1.json"
    assert headers["ce_time"] == tx.now.isoformat()
    assert headers["traceparent"] == traceparent
    assert tx.now.tzinfo == UTC


async def test_sequences_sort_as_numbers(database: Database) -> None:
    """Readers of the CloudEvents extension compare `ce_sequence` as text."""
    task = uuid4()
    async with database.transaction() as tx:
        tx.announce(*(closed(task) for _ in range(101)))
    found = [row["ce_sequence"] for row in await rows(database)]
    assert sorted(found) == found
    assert [int(each) for each in found] == list(range(1, 102))


async def test_versions_rise_by_one_within_a_key_whoever_announces(database: Database) -> None:
    """G9: transactions that race for two keys, in either order, never deadlock and leave versions without gap."""
    one, other = uuid4(), uuid4()

    async def announce(turn: int) -> None:
        async with database.transaction() as tx:
            pair = (closed(one), closed(other))
            tx.announce(*(pair if turn % 2 else reversed(pair)))

    await asyncio.gather(*(announce(turn) for turn in range(24)))
    found = await rows(database)
    for task in (one, other):
        versions = [int(row["ce_sequence"]) for row in found if row["ce_subject"] == str(task)]
        assert versions == list(range(1, 25))


async def test_events_of_one_transaction_keep_their_order(database: Database) -> None:
    """Several events of one key are stored in the order they were announced."""
    task = uuid4()
    async with database.transaction() as tx:
        tx.announce(*(closed(task, yes=number) for number in range(5)))
    async with database.reading() as session:
        payloads = (await session.execute(text("SELECT payload FROM outbox ORDER BY id"))).scalars()
        assert [json.loads(payload)["yes"] for payload in payloads] == [0, 1, 2, 3, 4]


async def test_a_commit_wakes_the_relay_and_nothing_else_does(database: Database) -> None:
    """Listeners are notified when an announcement is committed, so that they needn't wait for the next poll."""
    notified: asyncio.Queue[str] = asyncio.Queue()
    listener = await asyncpg.connect(database.dsn)
    await listener.add_listener(outbox.CHANNEL, lambda *said: notified.put_nowait(str(said[2])))
    try:
        async with database.transaction() as tx:
            await tx.session.execute(text("SELECT 1"))
        async with database.transaction() as tx:
            tx.announce(closed(), closed())
        assert await asyncio.wait_for(notified.get(), 10) == outbox.CHANNEL
        assert notified.empty()
    finally:
        await listener.close()


async def test_an_event_no_reader_could_take_stops_its_transaction(database: Database) -> None:
    """An event over the limit is refused where it is made, and nothing of its transaction stays."""
    event = closed()
    large = event.model_copy(update={"rule": event.rule.model_copy(update={"article": "조" * LARGEST})})
    with pytest.raises(EventTooLarge):
        async with database.transaction() as tx:
            tx.announce(VoteClosed.model_construct(**dict(large)))
    assert await rows(database) == []


async def test_a_refill_sends_everything_again(database: Database) -> None:
    """G13: after a refill every announced event waits to be published once more."""
    async with database.transaction() as tx:
        tx.announce(closed(), closed())
        await tx.session.execute(text("SELECT 1"))
    async with database.transaction() as tx:
        await tx.session.execute(text("UPDATE outbox SET sent_at = now()"))
        assert await outbox.refill(tx.session) == 2
    async with database.reading() as session:
        assert (await session.execute(text("SELECT count(*) FROM outbox WHERE sent_at IS NULL"))).scalar_one() == 2
