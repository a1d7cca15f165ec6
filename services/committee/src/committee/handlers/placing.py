"""Nobody puts a case on a docket or an agenda: whenever there is a case and room, it happens here. Under the gavel."""

from datetime import timedelta

from committee.domain import room
from committee.domain.case import Case, Due, docketed, tabled
from committee.domain.parameters import Parameters
from committee.domain.room import Place
from committee.handlers.rules import in_force
from committee.store import cases, places
from townhall.chassis.db import Transaction
from townhall.chassis.rules import InForce
from townhall.contracts.committee import CaseDocketed, CaseTabled
from townhall.contracts.values import MeetingId


async def fill_sittings(tx: Transaction) -> None:
    """Give waiting cases the room of sittings to come, oldest case and nearest sitting first (C2)."""
    slots = await places.sittings_ahead(tx.session, tx.now)
    given = list(room.given(await cases.waiting_for_sitting(tx.session), slots)) if slots else []
    if not given:
        return
    rule = await in_force(tx)
    await places.docket(tx.session, given)
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
    slots = await places.meetings_ahead(tx.session, tx.now)
    given = list(room.given(await cases.waiting_for_meeting(tx.session), slots)) if slots else []
    if not given:
        return
    rule = await in_force(tx)
    await places.table(tx.session, given)
    await cases.save(tx.session, *(_tabled(place, rule) for place in given))
    for place in given:
        tx.announce(
            CaseTabled(
                task_id=place.case.task_id,
                case_id=place.case.case_id,
                meeting_id=place.slot.id,
                meets_at=place.slot.starts_at,
                rule=rule.used,
            )
        )


def _tabled(place: Place[MeetingId], rule: InForce[Parameters]) -> Case:
    waits = Due(place.slot.starts_at + timedelta(days=rule.parameters.outcome_days), rule.version)
    return tabled(place.case, place.slot.id, due=waits)
