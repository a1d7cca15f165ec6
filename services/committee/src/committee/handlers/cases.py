"""A case opens by itself, and is told of when it waits too long."""

from dataclasses import replace
from typing import Final

from committee import metrics
from committee.domain.case import AWAITED, Case, CaseState, case_id_of
from committee.domain.record import CauseFact
from committee.handlers.placing import fill_sittings
from committee.handlers.rules import RULES, due, in_force
from committee.store import cases, gavel, records
from townhall.chassis.db import Transaction
from townhall.contracts.committee import CaseOpened, CaseOverdue
from townhall.contracts.values import TaskId

TOLD_AT_ONCE: Final = 100
"""Overdue cases announced in one transaction."""


async def open_case(tx: Transaction, task_id: TaskId, title: str, fact: CauseFact) -> None:
    """Open the one case of a task; a further cause of the same task is kept with it (C1)."""
    await gavel.take(tx.session)
    case_id = case_id_of(task_id)
    if not await cases.known(tx.session, case_id):
        rule = await in_force(tx)
        waits = due(tx, rule, rule.parameters.docketing)
        case = Case(case_id, task_id, title, fact.cause, tx.now, due=waits)
        await cases.add(tx.session, case)
        tx.announce(CaseOpened(task_id=task_id, case_id=case_id, title=title, cause=fact.cause.value, rule=rule.used))
        await fill_sittings(tx)
    await cases.add_cause(tx.session, case_id, fact)


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
