"""G9 to G11: messages late, repeated, interleaved or unreadable, crashes and operator actions, in any order."""

import asyncio
from collections.abc import Coroutine, Iterator
from typing import Any
from uuid import UUID

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, rule, run_state_machine_as_test
from typing_extensions import override

from shared.tests.effects import Died, Effects
from shared.tests.facts import Topic, closed
from shared.tests.model import TOO_MANY_ATTEMPTS, UNREADABLE, ModelConsumer, ModelMessage
from townhall.chassis.consuming import Message, dead_letters, processor
from townhall.chassis.consuming.contract import parse_headers
from townhall.chassis.db import Database
from townhall.testing.state_machines import Action, Machine, action

KEYS = (0, 1, 2)
PARTITION_OF = {0: 0, 1: 0, 2: 1}
SOME, BACK = st.integers(0, 4), st.sampled_from([0, 0, 0, 3])


def task_of(key: int) -> UUID:
    """The task whose id is the key."""
    return UUID(int=key)


class Delivery(Machine):
    """Two partitions, three keys, the real inbox and dead letters, and the model."""

    effects: Effects
    loop: asyncio.AbstractEventLoop

    def __init__(self) -> None:
        super().__init__()
        self.wait_for(self.effects.prepare())
        self.topic = Topic()
        self.published: dict[int, list[tuple[ModelMessage, Message]]] = {0: [], 1: []}
        self.committed = {0: 0, 1: 0}
        self.model = ModelConsumer()
        self.effects.refused = self.model.forbidden

    @initialize(keys=st.lists(st.sampled_from(KEYS), min_size=2, max_size=6))
    def begin(self, keys: list[int]) -> None:
        """Publish some events."""
        for key in keys:
            self.publish(key, readable=True, allowed=key > 0)

    def wait_for(self, act: Coroutine[Any, Any, Any]) -> Any:  # noqa: ANN401  whatever it gives
        """Run a coroutine to its end."""
        return self.loop.run_until_complete(act)

    def publish(self, key: int, *, readable: bool, allowed: bool) -> None:
        """Publish an event, possibly one that a rule refuses or that can't be decoded."""
        expected = ModelMessage(sum(map(len, self.published.values())), key, readable=readable)
        message = self.topic.message(closed(task_of(key), yes=expected.number))
        if not readable:
            message = self.topic.raw(message.key, message.headers, b"not json")
        if not allowed:
            self.model.forbidden.add(expected.number)
        self.published[PARTITION_OF[key]].append((expected, message))

    def deliver(self, first: int, second: int, *, swapped: bool, duplicated: bool, back: int) -> None:
        """Deliver a batch of both partitions, possibly from older offsets or with every message twice."""
        for partition, position in self.committed.items():
            self.committed[partition] = max(0, position - back)
        batch = self.batch(first, second, swapped=swapped)
        repeated = [each for each in batch for _ in range(1 + duplicated)]
        self.take([message for _, message in repeated])
        self.applied(batch)
        self.commit(first, second)

    def deliver_to_two(self, first: int, second: int, *, swapped: bool) -> None:
        """Deliver the same batch to two group members concurrently."""
        batch = self.batch(first, second, swapped=swapped)
        messages = [message for _, message in batch]

        async def both() -> None:
            await asyncio.gather(*(self.effects.processor.process(messages) for _ in range(2)))

        self.wait_for(both())
        self.applied(batch)

    def die(self, first: int, second: int, *, swapped: bool, after: int) -> None:
        """Crash in the middle of a batch, before its commit, and deliver it again."""
        batch = self.batch(first, second, swapped=swapped)
        messages = [message for _, message in batch]
        self.effects.dies_after = after
        try:
            self.take(messages)
        except Died:
            self.no_effect_is_duplicated()
        self.effects.dies_after = None
        self.take(messages)
        self.applied(batch)
        self.commit(first, second)

    def exhaust_attempts(self, *, requeued: bool) -> None:
        """Make the next readable message a dead letter, as after too many attempts; optionally requeue it."""
        found = self.next_readable()
        if found is None:
            return
        expected, message = found

        async def put() -> None:
            async with self.effects.db.transaction() as tx:
                await processor.claim(tx.session, [parse_headers(message.topic, message.headers).id])
                await dead_letters.add(tx.session, message, TOO_MANY_ATTEMPTS, 5, claimed=True)

        self.wait_for(put())
        self.model.exhaust_attempts(expected)
        if requeued:
            self.change_status("requeued", TOO_MANY_ATTEMPTS)

    def stop_refusing(self) -> None:
        """Stop refusing events; earlier refusals stay."""
        self.model.forbidden.clear()

    def change_status(self, status: str, reason: str) -> None:
        """Requeue or drop dead letters, before the service processes the change."""
        self.wait_for(self.effects.order(status, reason))
        self.model.change_status(status, reason)

    def process_changes(self) -> None:
        """Let the service process requeued and dropped dead letters."""
        self.wait_for(self.effects.obey())
        self.model.process_changes()

    def next_readable(self) -> tuple[ModelMessage, Message] | None:
        """Return the next new, readable message of a key without dead letters."""
        for partition, position in self.committed.items():
            for expected, message in self.published[partition][position : position + 1]:
                if expected.readable and expected.number not in self.model.seen and not self.model.held(expected.key):
                    return expected, message
        return None

    def batch(self, first: int, second: int, *, swapped: bool) -> list[tuple[ModelMessage, Message]]:
        """Return the next messages of both partitions."""
        parts = [self.published[at][self.committed[at] :][:size] for at, size in enumerate((first, second))]
        return [each for part in (parts[::-1] if swapped else parts) for each in part]

    def take(self, messages: list[Message]) -> None:
        """Deliver a batch to the service."""
        self.wait_for(self.effects.processor.process(messages))

    def applied(self, batch: list[tuple[ModelMessage, Message]]) -> None:
        """Deliver the batch to the model."""
        for expected, _ in batch:
            self.model.take(expected)

    def commit(self, *sizes: int) -> None:
        """Commit the offsets of the batch."""
        for at, size in enumerate(sizes):
            self.committed[at] = min(self.committed[at] + size, len(self.published[at]))

    def no_effect_is_duplicated(self) -> None:
        """G10: no effect exists twice."""
        totals = self.wait_for(self.effects.totals())
        assert len(totals) == len(set(totals))

    @rule(
        to=st.one_of(
            action(
                "publish",
                key=st.sampled_from(KEYS),
                readable=st.sampled_from([True, True, True, False]),
                allowed=st.booleans(),
            ),
            action("deliver", first=SOME, second=SOME, swapped=st.booleans(), duplicated=st.booleans(), back=BACK),
            action("deliver_to_two", first=SOME, second=SOME, swapped=st.booleans()),
            action("die", first=SOME, second=SOME, swapped=st.booleans(), after=st.integers(0, 3)),
            action("exhaust_attempts", requeued=st.booleans()),
            action("stop_refusing"),
            action("process_changes"),
            action(
                "change_status",
                status=st.sampled_from(["requeued", "dropped"]),
                reason=st.sampled_from([TOO_MANY_ATTEMPTS, TOO_MANY_ATTEMPTS, UNREADABLE]),
            ),
        )
    )
    def act(self, to: Action) -> None:
        """Perform any action."""
        self.perform(to)

    @invariant()
    def effects_and_dead_letters_agree_with_the_model(self) -> None:
        """G9, G10, G11: each effect once and in the order of its key; the same dead letters for the same reasons."""
        applied = self.wait_for(self.effects.noted())
        for key in KEYS:
            mine = [total for task, total in applied if task == task_of(key)]
            assert mine == [expected.number for expected in self.model.applied if expected.key == key]
        assert len(applied) == len(self.model.applied)
        stored = self.wait_for(self.effects.listed_dead_letters())
        assert sorted(stored) == sorted((each.reason, each.status) for each in self.model.dead_letters)

    @override
    def teardown(self) -> None:
        """After a full replay and settling all dead letters, only dropped and refused events have no effect."""
        for partition in self.committed:
            self.committed[partition] = 0
        self.deliver(len(self.published[0]), len(self.published[1]), swapped=False, duplicated=False, back=0)
        while any(each.holds for each in self.model.dead_letters):
            self.change_status("requeued", TOO_MANY_ATTEMPTS)
            self.change_status("dropped", UNREADABLE)
            self.process_changes()
        self.effects_and_dead_letters_agree_with_the_model()
        dropped = {each.message.number for each in self.model.dead_letters if each.status == "dropped"}
        dropped |= self.model.refused
        good = [expected for part in self.published.values() for expected, _ in part if expected.readable]
        for key in KEYS:
            mine = [expected.number for expected in self.model.applied if expected.key == key]
            assert mine == [
                expected.number for expected in good if expected.key == key and expected.number not in dropped
            ]


@pytest.fixture
def loop() -> Iterator[asyncio.AbstractEventLoop]:
    """An event loop for the machine, whose methods are synchronous."""
    made = asyncio.new_event_loop()
    yield made
    made.close()


def test_delivery_in_any_order(database: Database, loop: asyncio.AbstractEventLoop) -> None:
    """G9, G10, G11: inbox, dead letters and effects on PostgreSQL agree with the model."""
    db = Database(database.dsn, source=database.source)
    machine = type("Delivery", (Delivery,), {"effects": Effects(db), "loop": loop})
    run_state_machine_as_test(machine, settings=settings(max_examples=60, stateful_step_count=15))
    loop.run_until_complete(db.close())
