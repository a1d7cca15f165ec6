"""Callbacks of a transaction: after its commit, in order, and never for one that fails."""

from collections.abc import Sequence
from typing import Any
from uuid import uuid4

import pytest
from prometheus_client import REGISTRY
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from shared.tests.facts import Topic, closed
from townhall.chassis.consuming import Processor, Subscription
from townhall.chassis.db import Database, Transaction
from townhall.contracts import ReceivedEvent, voting

_CHECKED_AT_COMMIT = text("""
    CREATE TABLE checked (n int CONSTRAINT one_of_each UNIQUE DEFERRABLE INITIALLY DEFERRED)
""")
_TWICE = text("INSERT INTO checked VALUES (1), (1)")


class Undone(Exception):
    """Something went wrong."""


async def test_callbacks_run_after_the_commit_in_order(database: Database) -> None:
    """Not before, when the transaction could still fail."""
    calls: list[str] = []
    async with database.transaction() as tx:
        tx.on_commit(lambda: calls.append(f"first, open: {tx.session.in_transaction()}"))
        tx.on_commit(lambda: calls.append("second"))
        await tx.session.execute(text("SELECT 1"))
        assert not calls
    assert calls == ["first, open: False", "second"]


async def test_no_callback_runs_if_the_block_raises(database: Database) -> None:
    """The transaction is rolled back."""
    calls: list[str] = []

    async def fail() -> None:
        async with database.transaction() as tx:
            tx.on_commit(lambda: calls.append("never"))
            raise Undone

    with pytest.raises(Undone):
        await fail()
    assert not calls


async def test_no_callback_runs_if_the_commit_fails(database: Database) -> None:
    """PostgreSQL may refuse the commit itself."""
    calls: list[str] = []
    async with database.transaction() as tx:
        await tx.session.execute(_CHECKED_AT_COMMIT)

    async def fail() -> None:
        async with database.transaction() as tx:
            tx.on_commit(lambda: calls.append("never"))
            await tx.session.execute(_TWICE)

    with pytest.raises(IntegrityError):
        await fail()
    assert not calls


async def test_a_callback_that_raises_changes_nothing(database: Database, capsys: pytest.CaptureFixture[str]) -> None:
    """The effect is committed: the caller learns of that, and the other callbacks run. The error is logged."""
    calls: list[str] = []

    def fail() -> None:
        raise Undone

    async with database.transaction() as tx:
        tx.on_commit(fail)
        tx.on_commit(lambda: calls.append("second"))
    assert calls == ["second"]
    assert "on_commit_failed" in capsys.readouterr().out


def counted() -> dict[tuple[str, ...], float]:
    """Return what is counted of consumed events, by name, topic, type and outcome."""
    return {
        (sample.name, *sample.labels.values()): sample.value
        for metric in REGISTRY.collect()
        if metric.name.startswith("townhall_event")
        for sample in metric.samples
        if not sample.name.endswith("_created")
    }


async def test_nothing_is_counted_for_a_transaction_that_then_fails(database: Database) -> None:
    """Events whose effect was made and rolled back at the commit are counted as retried and dead letters only."""
    async with database.transaction() as tx:
        await tx.session.execute(_CHECKED_AT_COMMIT)

    async def apply(tx: Transaction, _received: Sequence[ReceivedEvent[Any]]) -> None:
        await tx.session.execute(_TWICE)

    processor = Processor(database, [Subscription(voting.TOPIC, {voting.VoteClosed: apply})])
    topic, task, before = Topic(), uuid4(), counted()
    await processor.process([topic.message(closed(task, yes=number)) for number in range(2)])
    labels = (voting.TOPIC, voting.VoteClosed.TYPE)
    moved = {name: value - before.get(name, 0.0) for name, value in counted().items() if value != before.get(name, 0.0)}
    assert moved == {
        ("townhall_events_consumed_total", *labels, "dead-letter"): 1,
        ("townhall_events_consumed_total", *labels, "parked"): 1,
        ("townhall_event_retries_total", voting.TOPIC, "handler"): 4,
    }
