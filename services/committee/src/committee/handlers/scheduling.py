"""Nobody puts a case on a docket or an agenda: whenever there is a case and room, it happens here. Under the scheduling_lock."""

from datetime import timedelta

from committee.domain import assignment
from committee.domain.assignment import Assignment
from committee.domain.case import Case, Due, docketed, tabled
from committee.domain.parameters import Parameters
from committee.handlers.rules import in_force
from committee.store import assignments, cases
from townhall.chassis.db import Transaction
from townhall.chassis.rules import InForce
from townhall.contracts.committee import CaseDocketed, CasePlacedOnAgenda
from townhall.contracts.values import MeetingId


async def fill_sittings(tx: Transaction) -> None:
    """Give waiting cases the room of sittings to come, oldest case and nearest sitting first (C2)."""
    slots = await assignments.sittings_ahead(tx.session, tx.now)
    given = list(assignment.given(await cases.waiting_for_sitting(tx.session), slots)) if slots else []
    if not given:
        return
    rule = await in_force(tx)
    await assignments.docket(tx.session, given)
    await cases.save(tx.session, *(docketed(place.case, place.slot.id) for place in given))
    for place in given:
        tx.announce(
            CaseDocketed(
                task_id=place.case.task_id,
                case_id=place.case.case_id,
                sitting_id=place.slot.id,
                sits_at=place.slot.starts_at,
                rule=rule.used,
            )
        )


async def fill_meetings(tx: Transaction) -> None:
    """Give deliberated cases the room of strategy meetings to come (C12). No discretion: all decisions alike."""
    slots = await assignments.meetings_ahead(tx.session, tx.now)
    given = list(assignment.given(await cases.waiting_for_meeting(tx.session), slots)) if slots else []
    if not given:
        return
    rule = await in_force(tx)
    await assignments.table(tx.session, given)
    await cases.save(tx.session, *(_tabled(place, rule) for place in given))
    for place in given:
        tx.announce(
            CasePlacedOnAgenda(
                task_id=place.case.task_id,
                case_id=place.case.case_id,
                meeting_id=place.slot.id,
                meets_at=place.slot.starts_at,
                rule=rule.used,
            )
        )


def _tabled(place: Assignment[MeetingId], rule: InForce[Parameters]) -> Case:
    waits = Due(place.slot.starts_at + timedelta(days=rule.parameters.outcome_days), rule.version)
    return tabled(place.case, place.slot.id, due=waits)
