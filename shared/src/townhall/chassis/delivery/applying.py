"""From messages to effects: together when all goes well, one by one when anything doesn't."""

import time
from collections.abc import Sequence
from uuid import UUID

from townhall.chassis import trace
from townhall.chassis.db import Database, Transaction
from townhall.chassis.delivery import aside, counting, inbox
from townhall.chassis.delivery.alone import Alone
from townhall.chassis.delivery.message import Message
from townhall.chassis.delivery.reading import Reader, Ready
from townhall.contracts import CATALOGUE


class OneByOne(Exception):
    """These messages can't share a transaction."""


class Applying:
    """Gives each message its effect exactly once, or sets it aside."""

    def __init__(self, db: Database, reader: Reader) -> None:
        self._db = db
        self._reader = reader
        self._alone = Alone(db, reader, once)

    async def take(self, messages: Sequence[Message]) -> None:
        """Return when every message is applied, known from before, ignored or set aside."""
        wanted = [message for message in messages if self._wanted(message)]
        if not wanted:
            return
        try:
            await self._together(wanted)
        except Exception:  # noqa: BLE001  each message is tried again alone, and only then judged
            for message in wanted:
                await self._alone.settle(message)

    def _wanted(self, message: Message) -> bool:
        if self._reader.wants(message):
            return True
        counting.outcome(message, "ignored" if message.type in CATALOGUE else "unknown")
        return False

    async def _together(self, messages: Sequence[Message]) -> None:
        """Apply all in one transaction. Any doubt raises, and nothing has happened."""
        began = time.monotonic()
        events = [self._reader.read(message) for message in messages]
        async with self._db.transaction() as tx:
            if await aside.held(tx.session, [message.key for message in messages if message.key]):
                raise OneByOne
            fresh = await inbox.take(tx.session, [event.heard.id for event in events])
            outcomes = [await once(tx, event, fresh) for event in events]
        seconds = (time.monotonic() - began) / len(events)
        for event, outcome in zip(events, outcomes, strict=True):
            counting.done(event, outcome, seconds)


async def once(tx: Transaction, event: Ready, fresh: set[UUID]) -> str:
    """Apply an event that the inbox took as fresh; return what became of it."""
    if event.heard.id not in fresh:
        return "duplicate"
    fresh.discard(event.heard.id)
    with trace.following(event.traceparent):
        await event.handler(tx, event.heard)
    return "applied"
