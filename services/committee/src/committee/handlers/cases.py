"""A case opens by itself, and is told of when it waits too long."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from committee import metrics
from committee.domain.case import AWAITED, Case, CaseState, case_id_of
from committee.domain.record import Brought
from committee.handlers.rules import RULES, due, in_force
from committee.handlers.scheduling import fill_sittings
from committee.store import cases, records, scheduling_lock
from townhall.chassis.db import Transaction
from townhall.contracts.committee import CaseOpened, CaseOverdue
from townhall.contracts.values import CaseId

TOLD_AT_ONCE: Final = 100
"""Overdue cases announced in one transaction."""


async def open_cases(tx: Transaction, brought: Sequence[Brought]) -> None:
    """Open the one case of each task; a further cause of the same task is kept with it (C1)."""
    await scheduling_lock.take(tx.session)
    first: dict[CaseId, Brought] = {}
    for each in brought:
        first.setdefault(case_id_of(each.task_id), each)
    known = await cases.known(tx.session, first)
    await _open(tx, {case_id: each for case_id, each in first.items() if case_id not in known})
    await cases.add_causes(tx.session, [(case_id_of(each.task_id), each.fact) for each in brought])


async def _open(tx: Transaction, new: Mapping[CaseId, Brought]) -> None:
    if not new:
        return
    rule = await in_force(tx)
    waits = due(tx, rule, rule.parameters.docketing)
    opened = [
        Case(case_id, each.task_id, each.title, each.fact.cause, tx.now, due=waits) for case_id, each in new.items()
    ]
    await cases.add(tx.session, opened)
    for case in opened:
        tx.announce(
            CaseOpened(
                task_id=case.task_id,
                case_id=case.case_id,
                title=case.title,
                cause=case.cause.value,
                rule=rule.used,
            )
        )
    await fill_sittings(tx)


async def tell_overdue(tx: Transaction) -> int:
    """Announce cases that wait too long, once for each thing they wait for (C17). They keep their place in the line."""
    late = await cases.overdue(tx.session, tx.now, TOLD_AT_ONCE)
    for case in late:
        await _tell(tx, case)
    return len(late)


async def _tell(tx: Transaction, case: Case) -> None:
    if case.due is None:
        return
    await cases.save(tx.session, replace(case, due=replace(case.due, told=True)))
    rule = await RULES.version(tx.session, case.due.rule_version)
    tx.announce(
        CaseOverdue(
            task_id=case.task_id,
            case_id=case.case_id,
            waits_for=AWAITED[case.state],
            due_at=case.due.at,
            rule=rule.used,
        )
    )


async def count_cases(tx: Transaction) -> int:
    """Show operators how many cases stand where. Nothing changes, so there is never more of it to do."""
    standing = await records.standing(tx.session)
    for state in CaseState:
        metrics.CASES.labels(state).set(sum(number for at, _, number in standing if at is state))
    for awaited in set(AWAITED.values()):
        late = [number for at, told, number in standing if told and AWAITED.get(at) == awaited]
        metrics.OVERDUE.labels(awaited).set(sum(late))
    return 0
