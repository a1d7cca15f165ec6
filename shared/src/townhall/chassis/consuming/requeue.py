"""Trying dead letters again after an operator requeued them, and parked messages once nothing is before them."""

from functools import partial
from typing import Final

from structlog import get_logger

from townhall.chassis.consuming import dead_letters
from townhall.chassis.consuming.contract import InvalidMessage
from townhall.chassis.consuming.processor import Processor, claim
from townhall.chassis.db import Database
from townhall.chassis.retrying import sleep
from townhall.chassis.telemetry import metrics
from townhall.chassis.transient import transient
from townhall.rejected import Rejected

POLL: Final = 1.0
"""Seconds between looks at the table when nothing is due."""

log = get_logger()


class Requeue:
    """Applies the dead letters that are due, in the order of their keys."""

    def __init__(self, db: Database, processor: Processor) -> None:
        self._db = db
        self._processor = processor

    async def run(self) -> None:
        """Process what is due until cancelled; raises on transient errors."""
        while True:
            if not await self.process_next():
                await sleep(POLL)

    async def process_next(self) -> bool:
        """Try the next message that is due; return whether there was one."""
        async with self._db.transaction() as tx:
            due = await dead_letters.next_due(tx.session)
        return due is not None and await self._attempt(due.id)

    async def _attempt(self, row_id: int) -> bool:
        try:
            return await self._apply(row_id)
        except Exception as error:
            if transient(error):
                raise
            await self._settle_failed(row_id, error)
            return True

    async def _apply(self, row_id: int) -> bool:
        async with self._db.transaction() as tx:
            due = await dead_letters.next_due(tx.session)
            if due is None or due.id != row_id:
                return False  # Another replica has it.
            decoded = self._processor.decode(due.message)
            # Another copy of an event that was invalid here may have been applied since.
            new = due.claimed or bool(await claim(tx.session, [decoded.received.id]))
            if new:
                await self._processor.apply(tx, [decoded])
            await dead_letters.mark_applied(tx.session, row_id)
            tx.on_commit(partial(metrics.consumed, due.message.labels, "applied" if new else "duplicate"))
        return True

    async def _settle_failed(self, row_id: int, error: Exception) -> None:
        """Settle a message that a rule refuses; one that failed otherwise waits for an operator again."""
        async with self._db.transaction() as tx:
            if isinstance(error, Rejected):
                await dead_letters.mark_applied(tx.session, row_id)
            else:
                reason = error.reason if isinstance(error, InvalidMessage) else type(error).__name__
                await dead_letters.mark_failed_again(tx.session, row_id, reason)
            report = partial(log.warning, "requeued_event_failed", dead_letter_id=row_id, error=type(error).__name__)
            tx.on_commit(report)
