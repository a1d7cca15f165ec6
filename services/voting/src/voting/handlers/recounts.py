"""Recounts: the totals of closed votes are compared with their ballots, one vote after the other, without end (V6)."""

from functools import partial

from structlog import get_logger

from townhall.chassis.db import Transaction
from townhall.contracts.values import TaskId
from voting import metrics
from voting.store import counts
from voting.store.counts import Recount

log = get_logger()


class Recounts:
    """Remembers which vote was recounted last, and which differed."""

    def __init__(self) -> None:
        self._last: TaskId | None = None
        self._differing: set[TaskId] = set()
        for outcome in ("equal", "different"):
            metrics.RECOUNTS.labels(outcome)  # Shown as 0: an alert can't compare what isn't there.

    async def recount_next(self, tx: Transaction) -> int:
        """Recount the next closed vote, after the last the first. Run by a timer; always returns 0.

        One vote a run, so that the load on the database is the same however many votes there are.
        """
        recount = await counts.recount_next(tx.session, self._last)
        self._last = recount.task_id if recount else None
        if recount:
            tx.on_commit(partial(_record, self._differing, recount))
        return 0


def _record(differing: set[TaskId], recount: Recount) -> None:
    equal = recount.published == recount.counted
    metrics.RECOUNTS.labels("equal" if equal else "different").inc()
    if equal:
        differing.discard(recount.task_id)
    elif recount.task_id not in differing:
        differing.add(recount.task_id)
        log.error("tally_differs_from_recount", task_id=str(recount.task_id))
    metrics.DIFFERING.set(len(differing))
