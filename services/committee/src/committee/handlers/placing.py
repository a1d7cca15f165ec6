"""Nobody puts a case on a docket or an agenda: whenever there is a case and room, it happens here. Under the gavel."""

from datetime import timedelta

from committee.domain import room
from committee.domain.case import Due, docketed, tabled
from committee.handlers.rules import in_force
from committee.store import cases, places
from townhall.chassis.db import Transaction
from townhall.contracts.committee import CaseDocketed, CaseTabled


async def fill_sittings(tx: Transaction) -> None:
    """Give waiting cases the room of sittings to come, oldest case and nearest sitting first (C2)."""
    slots = await places.sittings_ahead(tx.session, tx.now)
    waiting = await cases.waiting_for_sitting(tx.session) if slots else ()
    rule = await in_force(tx)
    for place in room.given(waiting, slots):
        case = docketed(place.case, place.slot.id)
        await places.docket(tx.session, place)
        await cases.save(tx.session, case)
        tx.announce(
            CaseDocketed(
                task_id=case.task_id,
                case_id=case.case_id,
                sitting_id=place.slot.id,
                sits_at=place.slot.starts_at,
                rule=rule.used,
            )
        )


async def fill_meetings(tx: Transaction) -> None:
    """Give deliberated cases the room of strategy meetings to come (C12). No discretion: all decisions alike."""
    slots = await places.meetings_ahead(tx.session, tx.now)
    waiting = await cases.waiting_for_meeting(tx.session) if slots else ()
    rule = await in_force(tx)
    for place in room.given(waiting, slots):
        due = Due(place.slot.starts_at + timedelta(days=rule.parameters.outcome_days), rule.version)
        case = tabled(place.case, place.slot.id, due=due)
        await places.table(tx.session, place)
        await cases.save(tx.session, case)
        tx.announce(
            CaseTabled(
                task_id=case.task_id,
                case_id=case.case_id,
                meeting_id=place.slot.id,
                meets_at=place.slot.starts_at,
                rule=rule.used,
            )
        )
