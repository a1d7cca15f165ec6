"""Sittings: called by the secretary, opened and closed by the chair, ended by the rule when nobody does."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from uuid import uuid4

from committee.domain import reasons
from committee.domain import sitting as rules_of_sittings
from committee.domain.case import Case, CaseState, deferred
from committee.domain.record import Deferral
from committee.domain.sitting import NoSuchSitting, Sitting, SittingState
from committee.handlers.rules import RULES, due, in_force
from committee.handlers.scheduling import fill_sittings
from committee.store import cases, records, scheduling_lock, sittings
from townhall.chassis.auth import Caller
from townhall.chassis.db import Transaction
from townhall.contracts.committee import CaseDeferred, DeliberationStarted, SittingCalled
from townhall.contracts.values import ActedBy, RuleUsed, SittingId


async def call_sitting(tx: Transaction, sits_at: datetime, capacity: int, place: str) -> Sitting:
    """Call a sitting; waiting cases go on its docket at once."""
    await scheduling_lock.take(tx.session)
    rule = await in_force(tx)
    asked = Sitting(SittingId(uuid4()), sits_at, capacity, place)
    sitting = rules_of_sittings.call(asked, rule.parameters, version=rule.version, at=tx.now)
    await sittings.add(tx.session, sitting)
    tx.announce(SittingCalled(sitting_id=sitting.sitting_id, sits_at=sits_at, capacity=capacity))
    await fill_sittings(tx)
    return sitting


async def attend_sitting(tx: Transaction, sitting_id: SittingId, who: Caller) -> Sitting:
    """Note that the caller is in the room. Said again, nothing changes."""
    return await _attended(tx, await _locked(tx, sitting_id), who)


async def open_sitting(tx: Transaction, sitting_id: SittingId, who: Caller) -> Sitting:
    """Open the sitting when there is a quorum, the chair included, and take up its cases."""
    await scheduling_lock.take(tx.session)
    rule = await in_force(tx)
    attended = await _attended(tx, await _locked(tx, sitting_id), who)
    opened = rules_of_sittings.open_with(attended, rule.parameters, version=rule.version, at=tx.now)
    await sittings.save(tx.session, opened)
    for case in await cases.of_sitting(tx.session, sitting_id, CaseState.DOCKETED):
        await cases.save(tx.session, case.to(CaseState.IN_DELIBERATION))
        tx.announce(
            DeliberationStarted(
                task_id=case.task_id,
                case_id=case.case_id,
                sitting_id=sitting_id,
                present=opened.present,
                rule=rule.used,
            )
        )
    return opened


async def close_sitting(tx: Transaction, sitting_id: SittingId) -> Sitting:
    """Close the sitting; what it did not decide goes to the next one with room (C11)."""
    await scheduling_lock.take(tx.session)
    sitting = await _locked(tx, sitting_id)
    sitting.to(SittingState.CLOSED)
    return await _end(tx, sitting)


async def end_sitting(tx: Transaction) -> int:
    """End one sitting whose time is over: one nobody opened lapses, one nobody closed is closed (C11)."""
    if await sittings.over(tx.session, tx.now) is None:
        return 0
    await scheduling_lock.take(tx.session)
    sitting_id = await sittings.over(tx.session, tx.now)
    if sitting_id is not None:
        await _end(tx, await _locked(tx, sitting_id))
    return 1


async def put_off(tx: Transaction, case: Case, sitting: Sitting, deferral: Deferral, used: RuleUsed | None) -> None:
    """Take a case off a sitting; only a later one may take it."""
    rule = await in_force(tx)
    waits = due(tx, rule, rule.parameters.docketing)
    await cases.save(tx.session, deferred(case, later_than=sitting.sits_at, due=waits))
    await records.add_deferral(tx.session, case.case_id, deferral)
    tx.announce(
        CaseDeferred(
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
    ended = rules_of_sittings.end(sitting)
    await sittings.save(tx.session, ended)
    held = sitting.state is SittingState.OPEN
    state = CaseState.IN_DELIBERATION if held else CaseState.DOCKETED
    left = await cases.of_sitting(tx.session, sitting.sitting_id, state)
    await _put_off_by_rule(tx, sitting, left, reasons.NOT_REACHED if held else reasons.NOT_HELD)
    await fill_sittings(tx)
    return ended


async def _put_off_by_rule(tx: Transaction, sitting: Sitting, left: Sequence[Case], reason: str) -> None:
    rule = await RULES.version(tx.session, sitting.rule_version)
    for case in left:
        deferral = Deferral(sitting.sitting_id, (reason,), "", ActedBy.RULE, tx.now)
        await put_off(tx, case, sitting, deferral, rule.used)


async def _attended(tx: Transaction, sitting: Sitting, who: Caller) -> Sitting:
    rule = await in_force(tx)
    rules_of_sittings.attend(sitting, rule.parameters, at=tx.now)
    came = await sittings.admit(tx.session, sitting.sitting_id, who.person, tx.now)
    attended = replace(sitting, present=sitting.present + came)
    await sittings.save(tx.session, attended)
    return attended


async def _locked(tx: Transaction, sitting_id: SittingId) -> Sitting:
    sitting = await sittings.locked(tx.session, sitting_id)
    if sitting is None:
        raise NoSuchSitting
    return sitting
