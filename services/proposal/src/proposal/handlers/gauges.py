"""The gauges that are read from the database. Each replica reads them; a query takes the maximum."""

from functools import partial

from proposal import metrics
from proposal.domain.lifecycle import State
from proposal.domain.timeline import TaskState
from proposal.store import counts
from townhall.chassis.db import Transaction


async def update_gauges(tx: Transaction) -> int:
    """Set the gauges of proposals, tasks and overdue screenings. Run by a timer; always returns 0."""
    proposals, tasks = await counts.proposals(tx.session), await counts.tasks_by_state(tx.session)
    for state in State:
        tx.on_commit(partial(metrics.PROPOSALS.labels(state).set, proposals.get(state, 0)))
    for task_state in TaskState:
        tx.on_commit(partial(metrics.TASKS.labels(task_state).set, tasks.get(task_state, 0)))
    overdue = await counts.screenings_overdue(tx.session, tx.now)
    tx.on_commit(partial(metrics.SCREENINGS_OVERDUE.set, overdue))
    return 0
