"""Trying messages of the aside again, in the order of their key, once an operator said so."""

from typing import Final

from structlog import get_logger

from townhall.chassis.consuming import counting, dead_letters, effects
from townhall.chassis.consuming.decoding import EventDecoder
from townhall.chassis.db import Database
from townhall.chassis.envelope import Unreadable
from townhall.chassis.faults import transient
from townhall.chassis.waiting import rest
from townhall.rejected import Rejected

EVERY: Final = 1.0
"""Seconds between looks at the aside."""

log = get_logger()


class Requeue:
    """Applies requeued messages, and those that waited behind one that is settled."""

    def __init__(self, db: Database, reader: EventDecoder) -> None:
        self._db = db
        self._reader = reader

    async def run(self) -> None:
        """Look at the aside for ever."""
        while True:
            if not await self.once():
                await rest(EVERY)

    async def once(self) -> bool:
        """Try the next message that may go; return whether there was one."""
        async with self._db.transaction() as tx:
            waiting = await dead_letters.due(tx.session)
        return waiting is not None and await self._attempt(waiting.id)

    async def _attempt(self, row_id: int) -> bool:
        try:
            return await self._apply(row_id)
        except Exception as fault:
            if transient(fault):
                raise
            await self._refuse(row_id, fault)
            return True

    async def _apply(self, row_id: int) -> bool:
        async with self._db.transaction() as tx:
            waiting = await dead_letters.due(tx.session)
            if waiting is None or waiting.id != row_id:
                return False
            event = self._reader.read(waiting.message)
            await effects.make(tx, [event])
            await dead_letters.applied(tx.session, row_id)
        counting.outcome(waiting.message, "applied")
        return True

    async def _refuse(self, row_id: int, fault: Exception) -> None:
        """A refusal settles the message: a rule said no. Any other fault makes it wait for an operator again."""
        async with self._db.transaction() as tx:
            if isinstance(fault, Rejected):
                await dead_letters.applied(tx.session, row_id)
            else:
                reason = fault.reason if isinstance(fault, Unreadable) else type(fault).__name__
                await dead_letters.failed_again(tx.session, row_id, reason)
        log.warning("requeued_event_failed", dead_letter_id=row_id, fault=type(fault).__name__)
