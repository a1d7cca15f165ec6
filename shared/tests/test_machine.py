"""G9 to G11 in any order: messages come late, twice, mixed, unreadable; the process dies; an operator steps in."""

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
from shared.tests.model import GIVEN_UP, UNREADABLE, Clerk, Letter
from townhall.chassis.consuming import Message, dead_letters, inbox
from townhall.chassis.db import Database
from townhall.chassis.envelope import unsealed
from townhall.testing.state_machines import Action, Machine, action

KEYS = (0, 1, 2)
PARTITION_OF = {0: 0, 1: 0, 2: 1}
SOME, BACK = st.integers(0, 4), st.sampled_from([0, 0, 0, 3])


def task_of(key: int) -> UUID:
    """The task whose id is the key."""
    return UUID(int=key)


class Delivery(Machine):
    """Two partitions, three keys, the real inbox and aside, and the clerk beside them."""

    effects: Effects
    loop: asyncio.AbstractEventLoop

    def __init__(self) -> None:
        super().__init__()
        self.wait_for(self.effects.prepare())
        self.topic = Topic()
        self.told: dict[int, list[tuple[Letter, Message]]] = {0: [], 1: []}
        self.committed = {0: 0, 1: 0}
        self.model = Clerk()
        self.effects.refused = self.model.forbidden

    @initialize(keys=st.lists(st.sampled_from(KEYS), min_size=2, max_size=6))
    def begin(self, keys: list[int]) -> None:
        """Some events were announced."""
        for key in keys:
            self.tell(key, readable=True, allowed=key > 0)

    def wait_for(self, act: Coroutine[Any, Any, Any]) -> Any:  # noqa: ANN401  whatever it gives
        """Let something happen to the end."""
        return self.loop.run_until_complete(act)

    def tell(self, key: int, *, readable: bool, allowed: bool) -> None:
        """A service announces an event; a rule of ours may say no to it, or it can't be read."""
        letter = Letter(sum(map(len, self.told.values())), key, readable=readable)
        message = self.topic.message(closed(task_of(key), yes=letter.number))
        if not readable:
            message = self.topic.raw(message.key, message.headers, b"not json")
        if not allowed:
            self.model.forbidden.add(letter.number)
        self.told[PARTITION_OF[key]].append((letter, message))

    def deliver(self, first: int, second: int, *, swapped: bool, doubled: bool, back: int) -> None:
        """A batch comes, of either partition first; offsets may have been lost, and each message may be in it twice."""
        for partition, position in self.committed.items():
            self.committed[partition] = max(0, position - back)
        batch = self.batch(first, second, swapped=swapped)
        repeated = [each for each in batch for _ in range(1 + doubled)]
        self.take([message for _, message in repeated])
        self.noted(batch)
        self.commit(first, second)

    def deliver_to_two(self, first: int, second: int, *, swapped: bool) -> None:
        """Two members that both believe they own the partitions get the same batch at once."""
        batch = self.batch(first, second, swapped=swapped)
        messages = [message for _, message in batch]

        async def both() -> None:
            await asyncio.gather(*(self.effects.applying.take(messages) for _ in range(2)))

        self.wait_for(both())
        self.noted(batch)

    def die(self, first: int, second: int, *, swapped: bool, after: int) -> None:
        """The process dies in the middle of a batch, before anything of it is committed; the batch comes again."""
        batch = self.batch(first, second, swapped=swapped)
        messages = [message for _, message in batch]
        self.effects.dies_after = after
        try:
            self.take(messages)
        except Died:
            self.nothing_is_doubled()
        self.effects.dies_after = None
        self.take(messages)
        self.noted(batch)
        self.commit(first, second)

    def give_up(self, *, requeued: bool) -> None:
        """The next message, if it can be read, fails for good, as delivery does it; an operator may say: try again."""
        found = self.next_readable()
        if found is None:
            return
        letter, message = found

        async def put() -> None:
            async with self.effects.db.transaction() as tx:
                await inbox.take(tx.session, [unsealed(message.headers).id])
                await dead_letters.put(tx.session, message, GIVEN_UP, 5)

        self.wait_for(put())
        self.model.give_up(letter)
        if requeued:
            self.operate("requeued", GIVEN_UP)

    def relent(self) -> None:
        """The rules say no to nothing any more; what they said no to before stays as it is."""
        self.model.forbidden.clear()

    def operate(self, status: str, reason: str) -> None:
        """An operator requeues or drops what lies aside; the service has yet to act on it."""
        self.wait_for(self.effects.order(status, reason))
        self.model.operate(status, reason)

    def obey(self) -> None:
        """The service acts on what the operator said."""
        self.wait_for(self.effects.obey())
        self.model.obey()

    def next_readable(self) -> tuple[Letter, Message] | None:
        """Return the next message of a key that nothing holds, if it can be read and is new."""
        for partition, position in self.committed.items():
            for letter, message in self.told[partition][position : position + 1]:
                if letter.readable and letter.number not in self.model.seen and not self.model.held(letter.key):
                    return letter, message
        return None

    def batch(self, first: int, second: int, *, swapped: bool) -> list[tuple[Letter, Message]]:
        """Return what comes next of both partitions."""
        parts = [self.told[at][self.committed[at] :][:size] for at, size in enumerate((first, second))]
        return [each for part in (parts[::-1] if swapped else parts) for each in part]

    def take(self, messages: list[Message]) -> None:
        """Let the service take a batch."""
        self.wait_for(self.effects.applying.take(messages))

    def noted(self, batch: list[tuple[Letter, Message]]) -> None:
        """Let the clerk take the same letters."""
        for letter, _ in batch:
            self.model.take(letter)

    def commit(self, *sizes: int) -> None:
        """Go on behind the batch."""
        for at, size in enumerate(sizes):
            self.committed[at] = min(self.committed[at] + size, len(self.told[at]))

    def nothing_is_doubled(self) -> None:
        """G10: whatever is there was there before, or is new once."""
        totals = self.wait_for(self.effects.totals())
        assert len(totals) == len(set(totals))

    @rule(
        to=st.one_of(
            action(
                "tell",
                key=st.sampled_from(KEYS),
                readable=st.sampled_from([True, True, True, False]),
                allowed=st.booleans(),
            ),
            action("deliver", first=SOME, second=SOME, swapped=st.booleans(), doubled=st.booleans(), back=BACK),
            action("deliver_to_two", first=SOME, second=SOME, swapped=st.booleans()),
            action("die", first=SOME, second=SOME, swapped=st.booleans(), after=st.integers(0, 3)),
            action("give_up", requeued=st.booleans()),
            action("relent"),
            action("obey"),
            action(
                "operate",
                status=st.sampled_from(["requeued", "dropped"]),
                reason=st.sampled_from([GIVEN_UP, GIVEN_UP, UNREADABLE]),
            ),
        )
    )
    def go_on(self, to: Action) -> None:
        """Take any turn."""
        self.perform(to)

    @invariant()
    def effects_and_aside_are_what_the_clerk_has(self) -> None:
        """G9, G10, G11: each effect once, in the order of its key; the same messages aside for the same reasons."""
        noted = self.wait_for(self.effects.noted())
        for key in KEYS:
            mine = [total for task, total in noted if task == task_of(key)]
            assert mine == [letter.number for letter in self.model.noted if letter.key == key]
        assert len(noted) == len(self.model.noted)
        put_dead_letter = self.wait_for(self.effects.put_dead_letter())
        assert sorted(put_dead_letter) == sorted((each.reason, each.status) for each in self.model.pile)

    @override
    def teardown(self) -> None:
        """In the end all is mended and replayed: what was dropped or refused is missing, and nothing else."""
        for partition in self.committed:
            self.committed[partition] = 0
        self.deliver(len(self.told[0]), len(self.told[1]), swapped=False, doubled=False, back=0)
        while any(each.holds for each in self.model.pile):
            self.operate("requeued", GIVEN_UP)
            self.operate("dropped", UNREADABLE)
            self.obey()
        self.effects_and_aside_are_what_the_clerk_has()
        dropped = {each.letter.number for each in self.model.pile if each.status == "dropped"}
        dropped |= self.model.refused
        good = [letter for part in self.told.values() for letter, _ in part if letter.readable]
        for key in KEYS:
            mine = [letter.number for letter in self.model.noted if letter.key == key]
            assert mine == [letter.number for letter in good if letter.key == key and letter.number not in dropped]


@pytest.fixture
def loop() -> Iterator[asyncio.AbstractEventLoop]:
    """A loop of the machine's own: its steps are no coroutines."""
    made = asyncio.new_event_loop()
    yield made
    made.close()


def test_delivery_in_any_order(database: Database, loop: asyncio.AbstractEventLoop) -> None:
    """G9, G10, G11: the inbox, the aside and the effects on PostgreSQL do as the clerk does."""
    db = Database(database.dsn, source=database.source)
    machine = type("Delivery", (Delivery,), {"effects": Effects(db), "loop": loop})
    run_state_machine_as_test(machine, settings=settings(max_examples=60, stateful_step_count=15))
    loop.run_until_complete(db.close())
