"""One message at a time: tried until it is applied or set aside, so that no message is ever skipped."""

import time
from collections.abc import Awaitable, Callable
from typing import Final

from structlog import get_logger

from townhall.chassis import outbox
from townhall.chassis.broker import LARGEST_BATCH, dead_letter_topic
from townhall.chassis.consuming import counting, dead_letters, effects, inbox
from townhall.chassis.consuming.decoding import EventDecoder
from townhall.chassis.consuming.message import Message
from townhall.chassis.db import Database, Transaction
from townhall.chassis.envelope import Unreadable, unsealed
from townhall.chassis.faults import transient
from townhall.chassis.waiting import pause
from townhall.rejected import Rejected

ATTEMPTS: Final = 5
"""How often a message may fail for a reason that doesn't pass, before it is set aside."""

log = get_logger()


class SingleProcessor:
    """Settles single messages, each in transactions of its own."""

    def __init__(self, db: Database, reader: EventDecoder) -> None:
        self._db = db
        self._reader = reader

    async def settle(self, message: Message) -> None:
        """Return when the message is applied, refused or set aside. Faults that pass are waited out, however long."""
        failures = attempt = 0
        while True:
            try:
                return await self._attempt(message)
            except Unreadable as fault:
                return await self._dead_letter(message, fault.reason, attempts=1)
            except Rejected as refusal:
                return await self._refused(message, refusal)
            except Exception as fault:  # noqa: BLE001  what fails for good is set aside
                failures += self._failed(message, fault)
                if failures >= ATTEMPTS:
                    return await self._dead_letter(message, type(fault).__name__, attempts=failures)
            attempt += 1
            await pause(attempt)

    def _failed(self, message: Message, fault: Exception) -> bool:
        """Report a failed attempt; return whether it counts against the message."""
        passing = transient(fault)
        counting.retried(message, passing=passing)
        log.warning("event_failed", event_type=message.type, fault=type(fault).__name__, passing=passing)
        return not passing

    async def _attempt(self, message: Message) -> None:
        began = time.monotonic()
        async with self._db.transaction() as tx:
            if message.key and (message.topic, message.key) in await dead_letters.held(tx.session, [message.key]):
                return await self._wait_behind(tx, message)
            event = self._reader.read(message)
            new = effects.fresh([event], await inbox.take(tx.session, [event.received.id]))
            await effects.make(tx, new)
        return counting.done([event], new, time.monotonic() - began)

    async def _wait_behind(self, tx: Transaction, message: Message) -> None:
        """Keep the order of the key: this message waits for the one that was set aside before it."""
        if await self._new(tx, message) and await dead_letters.put(tx.session, message, dead_letters.PARKED):
            counting.outcome(message, dead_letters.PARKED)

    async def _new(self, tx: Transaction, message: Message) -> bool:
        """Take the event into the inbox, so that its repeat is not set aside as well."""
        try:
            return bool(await inbox.take(tx.session, [unsealed(message.headers).id]))
        except Unreadable:
            return True

    async def _refused(self, message: Message, refusal: Rejected) -> None:
        """A rule said no: that is an outcome, not a fault. The event counts as received."""
        await self._surely(lambda tx: self._new(tx, message))
        log.info("event_refused", event_type=message.type, code=refusal.code)
        counting.outcome(message, "refused")

    async def _dead_letter(self, message: Message, reason: str, attempts: int) -> None:
        async def put(tx: Transaction) -> None:
            if await self._new(tx, message) and await dead_letters.put(tx.session, message, reason, attempts):
                await outbox.write_record(tx.session, self._copy(message, reason, tx))

        await self._surely(put)
        log.error("event_dead_lettered", topic=message.topic, event_type=message.type, reason=reason, attempts=attempts)
        counting.dead_letter(message, reason)

    def _copy(self, message: Message, reason: str, tx: Transaction) -> outbox.Record:
        """Return what the aside topic gets: all of it, unless a broker might refuse it for its size."""
        value = message.value or b""
        fits = len(value) <= LARGEST_BATCH // 2
        headers = dead_letters.summary(message, reason, tx.now)
        return outbox.Record(dead_letter_topic(self._db.source), message.key, headers, value if fits else b"", tx.now)

    async def _surely(self, act: Callable[[Transaction], Awaitable[object]]) -> None:
        """Do in a transaction what must not be given up, however long the database is away."""
        attempt = 0
        while True:
            try:
                async with self._db.transaction() as tx:
                    await act(tx)
            except Exception as fault:
                if not transient(fault):
                    raise
            else:
                return
            attempt += 1
            await pause(attempt)
