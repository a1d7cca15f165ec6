"""From messages to effects: together when all goes well, one by one when anything doesn't."""

import asyncio
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from structlog import get_logger

from townhall.chassis import outbox, trace
from townhall.chassis.broker import LARGEST_BATCH, aside_topic
from townhall.chassis.db import Database, Transaction
from townhall.chassis.delivery import aside, counting, inbox
from townhall.chassis.delivery.message import Handler, Message, Subscription
from townhall.chassis.envelope import Unreadable, opened, unsealed
from townhall.chassis.faults import transient
from townhall.contracts import CATALOGUE, Event, Heard
from townhall.rejected import Rejected

ATTEMPTS: Final = 5
"""How often a message may fail for a reason that doesn't pass, before it is set aside."""
LONGEST_WAIT: Final = 10.0
"""Seconds between two attempts at the most."""

log = get_logger()


class OneByOne(Exception):
    """These messages can't share a transaction."""


@dataclass(frozen=True, slots=True)
class Ready:
    """A readable event with the handler that applies it."""

    message: Message
    heard: Heard[Event]
    traceparent: str | None
    handler: Handler


class Applying:
    """Gives each message its effect exactly once, or sets it aside."""

    def __init__(self, db: Database, subscriptions: Sequence[Subscription]) -> None:
        self._db = db
        self._handlers = {(each.topic, kind.TYPE): act for each in subscriptions for kind, act in each.hears.items()}

    async def take(self, messages: Sequence[Message]) -> None:
        """Return when every message is applied, known from before, ignored or set aside."""
        wanted = [message for message in messages if self._wanted(message)]
        try:
            await self._together(wanted)
        except Exception:  # noqa: BLE001  each message is tried again alone, and only then judged
            for message in wanted:
                await self._alone(message)

    def ready(self, message: Message) -> Ready:
        """Read a message that is wanted here; raises `Unreadable`."""
        envelope = unsealed(message.headers)
        handler = self._handlers[message.topic, message.type]
        return Ready(message, opened(envelope, message.value), envelope.traceparent, handler)

    def _wanted(self, message: Message) -> bool:
        if (message.topic, message.type) in self._handlers or not message.type:
            return True
        counting.outcome(message, "ignored" if message.type in CATALOGUE else "unknown")
        return False

    async def _together(self, messages: Sequence[Message]) -> None:
        """Apply all in one transaction. Any doubt raises, and nothing has happened."""
        if not messages:
            return
        began = time.monotonic()
        events = [self.ready(message) for message in messages]
        async with self._db.transaction() as tx:
            if await aside.held(tx.session, [message.key for message in messages if message.key]):
                raise OneByOne
            fresh = await inbox.take(tx.session, [event.heard.id for event in events])
            done = [(event, await self._once(tx, event, fresh)) for event in events]
        _count(done, time.monotonic() - began)

    async def _once(self, tx: Transaction, event: Ready, fresh: set[Any]) -> str:
        if event.heard.id not in fresh:
            return "duplicate"
        fresh.discard(event.heard.id)
        with trace.following(event.traceparent):
            await event.handler(tx, event.heard)
        return "applied"

    async def _alone(self, message: Message) -> None:
        """Try one message until it is applied or set aside, with growing waits. Faults that pass are waited out."""
        failures = attempt = 0
        while True:
            try:
                return await self._attempt(message)
            except Unreadable as fault:
                return await self._set_aside(message, fault.reason, attempts=1)
            except Rejected as refusal:
                return await self._refused(message, refusal)
            except Exception as fault:  # noqa: BLE001  what fails for good is set aside
                passing = transient(fault)
                failures += not passing
                counting.retried(message, passing=passing)
                log.warning("event_failed", event_type=message.type, fault=type(fault).__name__, attempt=attempt + 1)
                if failures >= ATTEMPTS:
                    return await self._set_aside(message, type(fault).__name__, attempts=failures)
            attempt += 1
            await pause(attempt)

    async def _attempt(self, message: Message) -> None:
        began = time.monotonic()
        async with self._db.transaction() as tx:
            if message.key and (message.topic, message.key) in await aside.held(tx.session, [message.key]):
                await self._wait_behind(tx, message)
                return
            event = self.ready(message)
            outcome = await self._once(tx, event, await inbox.take(tx.session, [event.heard.id]))
        _count([(event, outcome)], time.monotonic() - began)

    async def _wait_behind(self, tx: Transaction, message: Message) -> None:
        if await self._known(tx, message):
            return
        await aside.put(tx.session, message, aside.BEHIND)
        counting.outcome(message, aside.BEHIND)

    async def _known(self, tx: Transaction, message: Message) -> bool:
        """Take the event into the inbox, so that its repeat is not set aside a second time."""
        try:
            event_id = unsealed(message.headers).id
        except Unreadable:
            return False
        return not await inbox.take(tx.session, [event_id])

    async def _refused(self, message: Message, refusal: Rejected) -> None:
        """A rule said no: that is an outcome, not a fault. The event counts as heard."""
        event = self.ready(message)
        await self._surely(lambda tx: inbox.take(tx.session, [event.heard.id]))
        log.info("event_refused", event_type=message.type, code=refusal.code)
        counting.outcome(message, "refused")

    async def _set_aside(self, message: Message, reason: str, attempts: int) -> None:
        async def put(tx: Transaction) -> None:
            if not await self._known(tx, message) and await aside.put(tx.session, message, reason, attempts):
                await outbox.write_record(tx.session, self._copy(message, reason, tx))

        await self._surely(put)
        log.error("event_set_aside", topic=message.topic, event_type=message.type, reason=reason, attempts=attempts)
        counting.set_aside(message, reason)

    def _copy(self, message: Message, reason: str, tx: Transaction) -> outbox.Record:
        value = message.value or b""
        fits = len(value) <= LARGEST_BATCH // 2
        headers = aside.summary(message, reason, tx.now)
        return outbox.Record(aside_topic(self._db.source), message.key, headers, value if fits else b"", tx.now)

    async def _surely(self, act: Any) -> None:
        """Do in a transaction what must not be given up, however long the database is away."""
        attempt = 0
        while True:
            try:
                async with self._db.transaction() as tx:
                    await act(tx)
                return
            except Exception as fault:
                if not transient(fault):
                    raise
                attempt += 1
                await pause(attempt)


async def pause(attempt: int) -> None:
    """Wait before the next attempt: longer each time, and never in step with others."""
    longest = min(LONGEST_WAIT, 0.05 * 2 ** min(attempt, 10))
    await asyncio.sleep(longest * random.uniform(0.5, 1.0))  # noqa: S311  no secret depends on it


def _count(done: Sequence[tuple[Ready, str]], seconds: float) -> None:
    for event, outcome in done:
        if outcome == "applied":
            counting.applied(event.message, event.heard, seconds / len(done))
        else:
            counting.outcome(event.message, outcome)
