"""From messages to effects: together when all goes well, one by one when anything doesn't."""

import time
from collections.abc import Awaitable, Callable, Sequence

from townhall.chassis.consuming import counting, dead_letters, effects, inbox
from townhall.chassis.consuming.decoding import EventDecoder
from townhall.chassis.consuming.message import Message
from townhall.chassis.consuming.single import SingleProcessor
from townhall.chassis.db import Database
from townhall.contracts import CATALOGUE

Room = Callable[[], Awaitable[None]]
"""Returns when one more message may be set aside."""


async def unlimited() -> None:
    """Return at once."""


class Processor:
    """Gives each message its effect exactly once, or sets it aside."""

    def __init__(self, db: Database, reader: EventDecoder) -> None:
        self._db = db
        self._reader = reader
        self._alone = SingleProcessor(db, reader)

    async def take(self, messages: Sequence[Message], room: Room = unlimited) -> None:
        """Return when every message is applied, known from before, ignored or, where there is room, set aside."""
        wanted = [message for message in messages if self._wanted(message)]
        if not wanted:
            return
        try:
            left = await self._together(wanted)
        except Exception:  # noqa: BLE001  each message is tried again alone, and only then judged
            left = wanted
        for message in left:
            await room()
            await self._alone.settle(message)

    def _wanted(self, message: Message) -> bool:
        if self._reader.wants(message):
            return True
        counting.outcome(message, "ignored" if message.type in CATALOGUE else "unknown")
        return False

    async def _together(self, messages: Sequence[Message]) -> list[Message]:
        """Apply in one transaction all but those of a held key, and return these. If it raises, nothing happened."""
        began = time.monotonic()
        async with self._db.transaction() as tx:
            held = await dead_letters.held(tx.session, [message.key for message in messages if message.key])
            left = [message for message in messages if (message.topic, message.key) in held]
            events = [self._reader.read(message) for message in messages if (message.topic, message.key) not in held]
            taken = await inbox.take(tx.session, [event.received.id for event in events])
            new = effects.fresh(events, taken)
            await effects.make(tx, new)
        counting.done(events, new, time.monotonic() - began)
        return left
