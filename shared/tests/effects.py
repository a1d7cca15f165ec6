"""A consumer for tests: its effects are rows, so that a rollback undoes them."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import text

from townhall.chassis.consuming import Processor, Requeue
from townhall.chassis.consuming.message import Subscription
from townhall.chassis.db import Database, Transaction
from townhall.contracts import ReceivedEvent, voting
from townhall.rejected import Rejected


class Died(BaseException):
    """Simulates a crash: nothing catches it."""


class Effects:
    """Consumes `voting.vote-closed.v1` and stores the total, in the transaction of the delivery."""

    def __init__(self, db: Database) -> None:
        self.db = db
        self.fails = 0
        """How many of the next calls raise a transient error."""
        self.refuses = False
        """Whether every event is refused by a rule."""
        self.refused: set[int] = set()
        """The totals that are refused by a rule."""
        self.cannot: set[int] = set()
        """The totals that make the handler raise an unexpected error."""
        self.given: list[int] = []
        """The number of events of each call."""
        self.dies_after: int | None = None
        """The number of effects before a simulated crash, or None."""
        self.processor = Processor(db, [Subscription(voting.TOPIC, {voting.VoteClosed: self.apply})])
        self.requeue = Requeue(db, self.processor)

    async def prepare(self) -> None:
        """Create the table of effects and empty all tables."""
        async with self.db.transaction() as tx:
            await tx.session.execute(text("CREATE TABLE IF NOT EXISTS effect (n serial, task uuid, yes int)"))
            await tx.session.execute(text("TRUNCATE effect, inbox, dead_letter"))

    async def apply(self, tx: Transaction, received_events: Sequence[ReceivedEvent[voting.VoteClosed]]) -> None:
        """Store the effects, then fail or refuse as configured."""
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
        """Return the stored totals, in order."""
        return [yes for _, yes in await self.noted()]

    async def listed_dead_letters(self) -> list[tuple[str, str]]:
        """Return reason and status of every dead letter, in order."""
        async with self.db.reading() as session:
            found = await session.execute(text("SELECT reason, status FROM dead_letter ORDER BY id"))
            return [(row.reason, row.status) for row in found]

    async def operator(self, status: str, reason: str) -> None:
        """Requeue or drop dead letters as the command does, and let the service process the change."""
        await self.order(status, reason)
        await self.obey()

    async def order(self, status: str, reason: str) -> None:
        """Requeue or drop dead letters as the command does, without processing the change."""
        async with self.db.transaction() as tx:
            change = text("UPDATE dead_letter SET status = :status WHERE reason = :reason AND status = 'waiting'")
            await tx.session.execute(change, {"status": status, "reason": reason})

    async def obey(self) -> None:
        """Process requeued dead letters, and messages parked behind settled ones."""
        while await self.requeue.process_next():
            pass
