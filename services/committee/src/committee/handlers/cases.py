"""Opening cases, and announcing those that wait too long."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Final

from committee import metrics
from committee.domain.case import AWAITED, Case, Cause, Due, case_id_of
from committee.domain.case_record import IncomingTask
from committee.handlers.scheduling import fill_sittings
from committee.store import cases, scheduling_lock
from committee.store.rules import RULES
from townhall.chassis.db import Transaction
from townhall.contracts import committee as events
from townhall.contracts.values import CaseId

BATCH_SIZE: Final = 100
"""The most overdue cases announced in one transaction."""


async def open_cases(tx: Transaction, incoming: Sequence[IncomingTask]) -> None:
    """Open the one case of each task, and record each cause; tasks and causes known before change nothing (C1)."""
    await scheduling_lock.acquire(tx.session)
    first: dict[CaseId, IncomingTask] = {}
    for each in incoming:
        first.setdefault(case_id_of(each.task_id), each)
    existing = await cases.existing(tx.session, first)
    new = {case_id: each for case_id, each in first.items() if case_id not in existing}
    await _open(tx, new)
    tx.on_commit(partial(_measure, list(new.values()), tx.now))
    await cases.add_causes(tx.session, [(case_id_of(each.task_id), each.cause) for each in incoming])


def _measure(opened: Sequence[IncomingTask], at: datetime) -> None:
    for each in opened:
        if each.cause.cause is Cause.THRESHOLD:
            metrics.CROSSING_TO_CASE.observe(max((at - each.cause.at).total_seconds(), 0.0))


async def _open(tx: Transaction, new: Mapping[CaseId, IncomingTask]) -> None:
    if not new:
        return
    rule = await RULES.in_force(tx.session, tx.now)
    due = Due(tx.now + rule.parameters.docketing_period, rule.version)
    opened = [
        Case(case_id, each.task_id, each.title, each.cause.cause, tx.now, due=due) for case_id, each in new.items()
    ]
    await cases.add(tx.session, opened)
    for case in opened:
        tx.announce(
            events.CaseOpened(
                task_id=case.task_id,
                case_id=case.case_id,
                title=case.title,
                cause=case.cause.value,
                rule=rule.used,
            )
        )
    await fill_sittings(tx)


async def announce_overdue_cases(tx: Transaction) -> int:
    """Announce each case that waits longer than the rule allows, once per wait (C17). Run by a timer.

    Returns how many were announced, at most `BATCH_SIZE`. The cases keep their position in the queue.
    """
    overdue = await cases.lock_overdue(tx.session, tx.now, BATCH_SIZE)
    for case in overdue:
        if case.due is not None:
            await _announce_overdue(tx, case, case.due)
    return len(overdue)


async def _announce_overdue(tx: Transaction, case: Case, due: Due) -> None:
    await cases.save(tx.session, replace(case, due=replace(due, overdue_announced=True)))
    rule = await RULES.version(tx.session, due.rule_version)
    tx.announce(
        events.CaseOverdue(
            task_id=case.task_id,
            case_id=case.case_id,
            waits_for=AWAITED[case.state],
            due_at=due.at,
            rule=rule.used,
        )
    )
