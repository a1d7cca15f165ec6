"""The gauges that are read from the database. Each replica reads them; a query takes the maximum."""

from functools import partial

from committee import metrics
from committee.domain.assignment import assign
from committee.domain.case import AWAITED, AWAITING_SITTING, CaseState, Cause
from committee.store import assignments, case_records, counts
from townhall.chassis.db import Transaction


async def update_gauges(tx: Transaction) -> int:
    """Set the gauges of cases. Run by a timer; always returns 0."""
    await _count_states(tx)
    await _count_assignable(tx)
    tx.on_commit(partial(metrics.FROM_THRESHOLD.set, await counts.cases_from(tx.session, Cause.THRESHOLD)))
    return 0


async def _count_states(tx: Transaction) -> None:
    counted = await case_records.count_by_state(tx.session)
    for state in CaseState:
        number = sum(each.cases for each in counted if each.state is state)
        tx.on_commit(partial(metrics.CASES.labels(state).set, number))
    for awaited in set(AWAITED.values()):
        number = sum(each.cases for each in counted if each.overdue and AWAITED.get(each.state) == awaited)
        tx.on_commit(partial(metrics.OVERDUE.labels(awaited).set, number))


async def _count_assignable(tx: Transaction) -> None:
    """Count the cases that scheduling would assign now, by its own function, so that both have the same rules."""
    sittings = await assignments.sitting_slots(tx.session, tx.now)
    for_sitting = assign(await counts.waiting(tx.session, AWAITING_SITTING), sittings) if sittings else ()
    meetings = await assignments.meeting_slots(tx.session, tx.now)
    for_meeting = assign(await counts.waiting(tx.session, {CaseState.DELIBERATED}), meetings) if meetings else ()
    tx.on_commit(partial(metrics.ASSIGNABLE.labels("sitting").set, len(list(for_sitting))))
    tx.on_commit(partial(metrics.ASSIGNABLE.labels("strategy-meeting").set, len(list(for_meeting))))
