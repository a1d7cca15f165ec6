"""From messages to effects: a batch in one transaction; if that fails, each message in transactions of its own."""

import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from datetime import UTC, datetime
from functools import partial
from itertools import groupby
from typing import Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession
from structlog import get_logger

from townhall.chassis.consuming import dead_letters
from townhall.chassis.consuming.contract import InvalidMessage
from townhall.chassis.consuming.message import DecodedMessage, Decoder, Message, Subscription
from townhall.chassis.db import Database, Transaction
from townhall.chassis.retrying import retrying
from townhall.chassis.telemetry import metrics, tracing
from townhall.chassis.transient import transient
from townhall.contracts import CATALOGUE
from townhall.rejected import Rejected

ATTEMPTS: Final = 5
"""Attempts at a message that fails for a reason that isn't transient, before it becomes a dead letter."""

_CLAIM = text("""
    INSERT INTO inbox (event_id) SELECT DISTINCT unnest(CAST(:ids AS uuid[])) ORDER BY 1
    ON CONFLICT DO NOTHING RETURNING event_id
""")

log = get_logger()


async def claim(session: AsyncSession, ids: Sequence[UUID]) -> set[UUID]:
    """Write event ids into the inbox; return those that were not in it: their effect belongs to this transaction.

    A claim of a transaction that is still open is waited for. All claim in the order of ids, so there is no deadlock.
    """
    return set((await session.execute(_CLAIM, {"ids": list(ids)})).scalars())


async def no_limit() -> None:
    """Return at once: the number of dead letters is not limited."""


class Processor:
    """Applies each message exactly once, or makes it a dead letter."""

    def __init__(self, db: Database, subscriptions: Sequence[Subscription]) -> None:
        self._db = db
        self._decoder = Decoder(subscriptions)

    async def process(self, messages: Sequence[Message], capacity: Callable[[], Awaitable[None]] = no_limit) -> None:
        """Return when each message is applied, known, ignored, refused, parked or a dead letter.

        `capacity` is awaited before each message that is processed by itself: it returns when there may be one more
        dead letter.
        """
        handled = [message for message in messages if self._handles(message)]
        if not handled:
            return
        try:
            remaining = await self._apply_batch(handled)
        except Exception:  # noqa: BLE001  each message is then processed by itself, and only then judged
            remaining = handled
        for message in remaining:
            await capacity()
            await self._process_single(message)

    async def apply(self, tx: Transaction, messages: Iterable[DecodedMessage]) -> None:
        """Call the handlers in order, each with all consecutive events that are for it."""
        for handler, consecutive in groupby(messages, key=lambda each: each.handler):
            run = list(consecutive)
            causes = [(each.received.event.key, each.traceparent) for each in run]
            with tracing.consumer_span(run[0].message.topic, self._db.source, causes):
                await handler(tx, [each.received for each in run])

    def decode(self, message: Message) -> DecodedMessage:
        """Decode a message of a subscribed type; raises `InvalidMessage`."""
        return self._decoder.decode(message)

    def _handles(self, message: Message) -> bool:
        if self._decoder.handles(message):
            return True
        metrics.consumed(message.labels, "ignored" if message.type in CATALOGUE else "unknown")
        return False

    async def _apply_batch(self, messages: Sequence[Message]) -> list[Message]:
        """Apply all messages whose key isn't held, in one transaction; return the others. Raises if rolled back."""
        async with self._db.transaction() as tx:
            held = await dead_letters.held_keys(tx.session, [message.key for message in messages if message.key])
            free = [message for message in messages if (message.topic, message.key) not in held]
            await self._apply_new(tx, [self.decode(message) for message in free])
        return [message for message in messages if (message.topic, message.key) in held]

    async def _apply_new(self, tx: Transaction, messages: Sequence[DecodedMessage]) -> None:
        """Claim the events and apply those that are new, each where it first comes."""
        if not messages:
            return
        began = time.monotonic()
        claimed = await claim(tx.session, [each.received.id for each in messages])
        first = {each.received.id: each for each in reversed(messages)}
        new = [each for each in messages if each is first[each.received.id] and each.received.id in claimed]
        tx.on_commit(partial(_count_applied, messages, new, began))
        await self.apply(tx, new)

    async def _process_single(self, message: Message) -> None:
        """Apply, refuse, park or dead-letter one message. Transient errors are retried without end."""
        failures = _Failures(message)
        try:
            await retrying(failures.worth_retrying)(self._apply_single, message)
        except InvalidMessage as error:
            await self._dead_letter(message, error.reason, attempts=1)
        except Rejected as refusal:
            await self._refuse(message, refusal)
        except Exception as error:  # noqa: BLE001  what fails for good is a dead letter
            await self._dead_letter(message, type(error).__name__, attempts=failures.permanent)

    async def _apply_single(self, message: Message) -> None:
        async with self._db.transaction() as tx:
            if message.key and await dead_letters.held_keys(tx.session, [message.key]) & {(message.topic, message.key)}:
                await self._park(tx, message)
            else:
                await self._apply_new(tx, [self.decode(message)])

    async def _park(self, tx: Transaction, message: Message) -> None:
        """Keep the order of the key: this message waits for the dead letter before it."""
        claimed = await self._claim(tx, message)
        if claimed is False:
            return
        if await dead_letters.add(tx.session, message, dead_letters.PARKED, claimed=bool(claimed)):
            tx.on_commit(partial(metrics.consumed, message.labels, dead_letters.PARKED))

    async def _refuse(self, message: Message, refusal: Rejected) -> None:
        """Write the event into the inbox without effect: a refusal by a rule is a result, not a failure."""

        async def refuse() -> None:
            async with self._db.transaction() as tx:
                await self._claim(tx, message)
                tx.on_commit(partial(metrics.consumed, message.labels, "refused"))
                tx.on_commit(partial(log.info, "event_refused", event_type=message.type, code=refusal.code))

        await retrying(transient)(refuse)

    async def _dead_letter(self, message: Message, reason: str, attempts: int) -> None:
        async def store() -> None:
            async with self._db.transaction() as tx:
                claimed = await self._claim(tx, message)
                if claimed is not False:
                    await dead_letters.store(
                        tx, self._db.source, message, reason, attempts=attempts, claimed=bool(claimed)
                    )

        await retrying(transient)(store)

    async def _claim(self, tx: Transaction, message: Message) -> bool | None:
        """Claim the event of a message, so that its repeat isn't stored as well; return whether it was new.

        None for an invalid message: nothing is claimed, since its id may be that of another event, still to come.
        """
        try:
            event_id = self.decode(message).received.id
        except InvalidMessage:
            return None
        return bool(await claim(tx.session, [event_id]))


class _Failures:
    """Counts the failed attempts at one message and decides whether another one is made."""

    def __init__(self, message: Message) -> None:
        self._message = message
        self.permanent = 0

    def worth_retrying(self, error: BaseException) -> bool:
        """Return whether to try again: always after a transient error, else up to `ATTEMPTS` in all."""
        if not isinstance(error, Exception) or isinstance(error, InvalidMessage | Rejected):
            return False
        is_transient = transient(error)
        self.permanent += not is_transient
        again = is_transient or self.permanent < ATTEMPTS
        if again:
            metrics.RETRIES.labels(self._message.topic, "database" if is_transient else "handler").inc()
        log.warning("event_failed", event_type=self._message.type, error=type(error).__name__, transient=is_transient)
        return again


def _count_applied(messages: Sequence[DecodedMessage], new: Sequence[DecodedMessage], began: float) -> None:
    """Count the events of one transaction: `new` had their effect in it, the others had it before."""
    seconds = (time.monotonic() - began) / len(messages)
    now = datetime.now(UTC)  # noqa: TID251  a measurement, not a rule
    applied = {id(each) for each in new}
    for each in messages:
        if id(each) in applied:
            metrics.applied(each.message.labels, seconds, (now - each.received.at).total_seconds())
        else:
            metrics.consumed(each.message.labels, "duplicate")
