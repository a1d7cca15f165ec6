"""Automatic scheduling: cases go on dockets and agendas only here. Call it with the scheduling lock held."""

from collections.abc import Sequence
from datetime import datetime
from functools import partial

from committee import metrics
from committee.domain.assignment import Assignment, assign
from committee.domain.case import Case, Due, docket, place_on_agenda
from committee.domain.parameters import Parameters
from committee.store import assignments, case_records, cases
from committee.store.rules import RULES
from townhall.chassis.db import Transaction
from townhall.chassis.rules import InForce
from townhall.contracts import committee as events
from townhall.contracts.values import MeetingId


async def fill_sittings(tx: Transaction) -> None:
    """Put waiting cases on the dockets of future sittings with room: oldest case, earliest sitting first (C2, C3)."""
    slots = await assignments.sitting_slots(tx.session, tx.now)
    assigned = list(assign(await cases.lock_awaiting_sitting(tx.session), slots)) if slots else []
    if not assigned:
        return
    rule = await RULES.in_force(tx.session, tx.now)
    await assignments.add_to_dockets(tx.session, assigned)
    await cases.save(tx.session, *(docket(each.case, each.slot.id) for each in assigned))
    for each in assigned:
        tx.announce(
            events.CaseDocketed(
                task_id=each.case.task_id,
                case_id=each.case.case_id,
                sitting_id=each.slot.id,
                sits_at=each.slot.starts_at,
                rule=rule.used,
            )
        )


async def fill_meetings(tx: Transaction) -> None:
    """Put deliberated cases on the agendas of future meetings with room, whatever the decision was (C12)."""
    slots = await assignments.meeting_slots(tx.session, tx.now)
    assigned = list(assign(await cases.lock_awaiting_meeting(tx.session), slots)) if slots else []
    if not assigned:
        return
    rule = await RULES.in_force(tx.session, tx.now)
    await assignments.add_to_agendas(tx.session, assigned)
    await cases.save(tx.session, *(_on_agenda(each, rule) for each in assigned))
    decided = await case_records.decided_at(tx.session, [each.case.case_id for each in assigned])
    tx.on_commit(partial(_measure, decided, tx.now))
    for each in assigned:
        tx.announce(
            events.CasePlacedOnAgenda(
                task_id=each.case.task_id,
                case_id=each.case.case_id,
                meeting_id=each.slot.id,
                meets_at=each.slot.starts_at,
                rule=rule.used,
            )
        )


def _measure(decided: Sequence[datetime], at: datetime) -> None:
    for each in decided:
        metrics.DECISION_TO_AGENDA.observe(max((at - each).total_seconds(), 0.0))


def _on_agenda(assigned: Assignment[MeetingId], rule: InForce[Parameters]) -> Case:
    due = Due(assigned.slot.starts_at + rule.parameters.outcome_period, rule.version)
    return place_on_agenda(assigned.case, assigned.slot.id, due=due)
