"""What members and the chair do with a case: stand back, take positions, decide."""

from committee.domain import deliberation, reasons
from committee.domain.case import Case, CaseState, NoSuchCase
from committee.domain.deliberation import Count, Position, Verdict
from committee.domain.record import CaseFile, Decided, Deferral
from committee.domain.sitting import NoSuchSitting, Sitting
from committee.handlers.rules import RULES, due, in_force
from committee.handlers.scheduling import fill_meetings, fill_sittings
from committee.handlers.sittings import put_off
from committee.store import cases, members, records, scheduling_lock, sittings
from townhall.chassis.auth import Caller
from townhall.chassis.db import Transaction
from townhall.contracts.committee import CaseDeliberated
from townhall.contracts.values import ActedBy, CaseId


async def recuse(tx: Transaction, case_id: CaseId, reason: str, who: Caller) -> None:
    """Let a member stand back from a case. What they said before is struck (C7)."""
    case = await _locked(tx, case_id)
    deliberation.may_recuse(case)
    await members.recuse(tx.session, case_id, who.person, reason, tx.now)


async def take_position(tx: Transaction, case_id: CaseId, position: Position, who: Caller) -> None:
    """Note a member's position; until the decision a later one replaces it (C8)."""
    case = await _locked(tx, case_id)
    deliberation.may_take_position(case, await members.part(tx.session, case, who.person))
    await members.take_position(tx.session, case, who.person, position)


async def decide_case(tx: Transaction, case_id: CaseId, verdict: Verdict, who: Caller) -> CaseFile:
    """Decide the case by the positions taken. A decided case is tabled by itself, a deferred one docketed again."""
    await scheduling_lock.take(tx.session)
    case = await _locked(tx, case_id)
    reasons.require(verdict.reasons, reasons.DECISIONS[verdict.decision])
    said = deliberation.count(
        await members.stances(tx.session, case), recused=await members.recused(tx.session, case_id)
    )
    chair = await members.part(tx.session, case, who.person)
    deliberation.may_take_position(case, chair)
    sitting = await _sitting_of(tx, case)
    rule = await RULES.version(tx.session, sitting.rule_version)  # C6: what the sitting opened under holds
    if deliberation.decide(case, chair, said, verdict.decision, rule.parameters) is CaseState.DEFERRED:
        deferral = Deferral(sitting.sitting_id, verdict.reasons, verdict.note, ActedBy.CHAIR, tx.now)
        await put_off(tx, case, sitting, deferral, None)
        await fill_sittings(tx)
    else:
        await _conclude(tx, case, sitting, verdict, said)
        await fill_meetings(tx)
    return await _record(tx, case_id)


async def _conclude(tx: Transaction, case: Case, sitting: Sitting, verdict: Verdict, said: Count) -> None:
    opened_under, now = await RULES.version(tx.session, sitting.rule_version), await in_force(tx)
    used = opened_under.used
    await cases.save(tx.session, case.to(CaseState.DELIBERATED, due=due(tx, now, now.parameters.tabling)))
    decided = Decided(
        sitting_id=sitting.sitting_id,
        decision=verdict.decision,
        reasons=verdict.reasons,
        note=verdict.note,
        count=said,
        rule_version=used.version,
        article=used.article,
        at=tx.now,
    )
    await records.add_decision(tx.session, case.case_id, decided)
    tx.announce(
        CaseDeliberated(
            task_id=case.task_id,
            case_id=case.case_id,
            sitting_id=sitting.sitting_id,
            decision=verdict.decision,
            reasons=verdict.reasons,
            note=verdict.note,
            in_favour=said.in_favour,
            against=said.against,
            abstained=said.abstained,
            recused=said.recused,
            acted_by=ActedBy.CHAIR,
            rule=used,
        )
    )


async def _sitting_of(tx: Transaction, case: Case) -> Sitting:
    sitting = await sittings.found(tx.session, case.sitting_id) if case.sitting_id else None
    if sitting is None:
        raise NoSuchSitting
    return sitting


async def _locked(tx: Transaction, case_id: CaseId) -> Case:
    case = await cases.locked(tx.session, case_id)
    if case is None:
        raise NoSuchCase
    return case


async def _record(tx: Transaction, case_id: CaseId) -> CaseFile:
    record = await records.found(tx.session, case_id)
    if record is None:
        raise NoSuchCase
    return record
