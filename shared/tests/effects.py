"""A service for tests of delivery: its effects are rows, so that what was rolled back didn't happen."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import text

from townhall.chassis.consuming import Processor, Requeue
from townhall.chassis.consuming.message import Subscription
from townhall.chassis.db import Database, Transaction
from townhall.contracts import ReceivedEvent, voting
from townhall.rejected import Rejected


class Died(BaseException):
    """The process is gone: nothing in it catches this."""


class Effects:
    """Consumes `voting.vote-closed.v1` and notes the total, in the transaction it is given."""

    def __init__(self, db: Database) -> None:
        self.db = db
        self.fails = 0
        """How often the connection will break next."""
        self.refuses = False
        """Whether a rule says no to everything."""
        self.refused: set[int] = set()
        """The totals a rule says no to."""
        self.cannot: set[int] = set()
        """The totals the handler has a fault with."""
        self.given: list[int] = []
        """How many events the handler was given each time."""
        self.dies_after: int | None = None
        """How many effects the process makes before it dies."""
        self.processor = Processor(db, [Subscription(voting.TOPIC, {voting.VoteClosed: self.apply})])
        self.requeue = Requeue(db, self.processor)

    async def prepare(self) -> None:
        """Make the table the effects are noted in, and empty everything."""
        async with self.db.transaction() as tx:
            await tx.session.execute(text("CREATE TABLE IF NOT EXISTS effect (n serial, task uuid, yes int)"))
            await tx.session.execute(text("TRUNCATE effect, inbox, dead_letter"))

    async def apply(self, tx: Transaction, received_events: Sequence[ReceivedEvent[voting.VoteClosed]]) -> None:
        """Note the effects, then fail or refuse if set to."""
        self.given.append(len(received_events))
        for received in received_events:
            values = {"task": received.event.task_id, "yes": received.event.yes}
            await tx.session.execute(text("INSERT INTO effect (task, yes) VALUES (:task, :yes)"), values)
            self._perhaps_die()
        totals = {received.event.yes for received in received_events}
        if self.refuses or totals & self.refused:
            raise Rejected
        if totals & self.cannot:
            raise ZeroDivisionError
        if self.fails:
            self.fails -= 1
            raise ConnectionResetError

    def _perhaps_die(self) -> None:
        if self.dies_after is not None:
            if self.dies_after == 0:
                raise Died
            self.dies_after -= 1

    async def noted(self) -> list[tuple[UUID, int]]:
        """Return the effects, in order."""
        async with self.db.reading() as session:
            found = await session.execute(text("SELECT task, yes FROM effect ORDER BY n"))
            return [(row.task, row.yes) for row in found]

    async def totals(self) -> list[int]:
        """Return the totals noted, in order."""
        return [yes for _, yes in await self.noted()]

    async def put_dead_letter(self) -> list[tuple[str, str]]:
        """Return reason and status of everything aside, in order."""
        async with self.db.reading() as session:
            found = await session.execute(text("SELECT reason, status FROM dead_letter ORDER BY id"))
            return [(row.reason, row.status) for row in found]

    async def operator(self, status: str, reason: str) -> None:
        """Do what `townhall dead-letters requeue` or `drop` does, and let the service act on it."""
        await self.order(status, reason)
        await self.obey()

    async def order(self, status: str, reason: str) -> None:
        """Do what `townhall dead-letters requeue` or `drop` does; the service comes to it later."""
        async with self.db.transaction() as tx:
            change = text("UPDATE dead_letter SET status = :status WHERE reason = :reason AND status = 'waiting'")
            await tx.session.execute(change, {"status": status, "reason": reason})

    async def obey(self) -> None:
        """Try what was requeued, and what waited behind what is settled."""
        while await self.requeue.process_next():
            pass
