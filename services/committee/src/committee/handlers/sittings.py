"""Sittings: calling, attending, opening and closing one, and ending those whose time has passed."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from uuid import uuid4

from committee.domain import reasons
from committee.domain import sitting as domain
from committee.domain.case import Case, CaseState, Due, defer
from committee.domain.case_record import Deferral
from committee.domain.sitting import NoSuchSitting, Sitting, SittingState
from committee.handlers.scheduling import fill_sittings
from committee.store import case_records, cases, scheduling_lock, sittings
from committee.store.rules import RULES
from townhall.chassis.auth import Caller
from townhall.chassis.db import Transaction
from townhall.contracts import committee as events
from townhall.contracts.values import ActedBy, RuleUsed, SittingId


async def call_sitting(tx: Transaction, sits_at: datetime, capacity: int, place: str) -> Sitting:
    """Store and announce a new sitting, and fill its docket with waiting cases (C2, C4).

    `place` is the venue. Raises `SittingInPast` (C4).
    """
    await scheduling_lock.acquire(tx.session)
    rule = await RULES.in_force(tx.session, tx.now)
    new = Sitting(SittingId(uuid4()), sits_at, capacity, place)
    sitting = domain.call(new, rule.parameters, version=rule.version, at=tx.now)
    await sittings.add(tx.session, sitting)
    tx.announce(events.SittingCalled(sitting_id=sitting.sitting_id, sits_at=sits_at, capacity=capacity))
    await fill_sittings(tx)
    return sitting


async def attend_sitting(tx: Transaction, sitting_id: SittingId, caller: Caller) -> Sitting:
    """Record that the caller attends; repeated, it changes nothing (C5).

    Raises `NoSuchSitting`, `SittingElsewhere` (C16) or `SittingNotDue` (C5).
    """
    return await _attend(tx, await _get_for_update(tx, sitting_id), caller)


async def open_sitting(tx: Transaction, sitting_id: SittingId, caller: Caller) -> Sitting:
    """Open the sitting, with the chair as attending, and start the deliberation of its cases (C6).

    Raises `NoSuchSitting`, `SittingElsewhere` (C16), `SittingNotDue` (C5) or `NoQuorum` (C6).
    """
    await scheduling_lock.acquire(tx.session)
    rule = await RULES.in_force(tx.session, tx.now)
    attended = await _attend(tx, await _get_for_update(tx, sitting_id), caller)
    opened = domain.open_sitting(attended, rule.parameters, version=rule.version, at=tx.now)
    await sittings.save(tx.session, opened)
    for case in await cases.lock_of_sitting(tx.session, sitting_id, CaseState.DOCKETED):
        await cases.save(tx.session, case.move_to(CaseState.IN_DELIBERATION))
        tx.announce(
            events.DeliberationStarted(
                task_id=case.task_id,
                case_id=case.case_id,
                sitting_id=sitting_id,
                present=opened.present,
                rule=rule.used,
            )
        )
    return opened


async def close_sitting(tx: Transaction, sitting_id: SittingId) -> Sitting:
    """Close an open sitting and defer its undecided cases (C11). Raises `NoSuchSitting` or `SittingElsewhere` (C16)."""
    await scheduling_lock.acquire(tx.session)
    sitting = await _get_for_update(tx, sitting_id)
    sitting.move_to(SittingState.CLOSED)
    return await _end(tx, sitting)


async def end_expired_sitting(tx: Transaction) -> int:
    """End one sitting whose `ends_at` has passed and defer its undecided cases (C11). Run by a timer.

    A sitting nobody opened lapses, one nobody closed is closed. Returns 1, or 0 when there was none.
    """
    if await sittings.first_expired(tx.session, tx.now) is None:
        return 0
    await scheduling_lock.acquire(tx.session)
    sitting_id = await sittings.first_expired(tx.session, tx.now)
    if sitting_id is not None:
        await _end(tx, await _get_for_update(tx, sitting_id))
    return 1


async def defer_case(
    tx: Transaction, case: Case, sitting: Sitting, deferral: Deferral, *, used: RuleUsed | None
) -> None:
    """Store and announce the deferral of a case to a later sitting (C11).

    `used` is the rule of an automatic deferral; None when the chair deferred. The caller fills the dockets.
    """
    rule = await RULES.in_force(tx.session, tx.now)
    due = Due(tx.now + rule.parameters.docketing_period, rule.version)
    await cases.save(tx.session, defer(case, later_than=sitting.sits_at, due=due))
    await case_records.add_deferral(tx.session, case.case_id, deferral)
    tx.announce(
        events.CaseDeferred(
            task_id=case.task_id,
            case_id=case.case_id,
            sitting_id=sitting.sitting_id,
            acted_by=deferral.acted_by,
            reasons=deferral.reasons,
            note=deferral.note,
            rule=used,
        )
    )


async def _end(tx: Transaction, sitting: Sitting) -> Sitting:
    ended = domain.end(sitting)
    await sittings.save(tx.session, ended)
    was_open = sitting.state is SittingState.OPEN
    state = CaseState.IN_DELIBERATION if was_open else CaseState.DOCKETED
    undecided = await cases.lock_of_sitting(tx.session, sitting.sitting_id, state)
    await _defer_automatically(tx, sitting, undecided, reasons.NOT_REACHED if was_open else reasons.NOT_HELD)
    await fill_sittings(tx)
    return ended


async def _defer_automatically(tx: Transaction, sitting: Sitting, undecided: Sequence[Case], reason: str) -> None:
    rule = await RULES.version(tx.session, sitting.rule_version)
    for case in undecided:
        deferral = Deferral(sitting.sitting_id, (reason,), "", ActedBy.RULE, tx.now)
        await defer_case(tx, case, sitting, deferral, used=rule.used)


async def _attend(tx: Transaction, sitting: Sitting, caller: Caller) -> Sitting:
    rule = await RULES.in_force(tx.session, tx.now)
    domain.attend(sitting, rule.parameters, at=tx.now)
    added = await sittings.add_attendance(tx.session, sitting.sitting_id, caller.person, tx.now)
    attended = replace(sitting, present=sitting.present + added)
    await sittings.save(tx.session, attended)
    return attended


async def _get_for_update(tx: Transaction, sitting_id: SittingId) -> Sitting:
    sitting = await sittings.get_for_update(tx.session, sitting_id)
    if sitting is None:
        raise NoSuchSitting
    return sitting
