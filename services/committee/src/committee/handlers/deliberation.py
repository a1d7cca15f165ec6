"""Recusals, positions and decisions."""

from committee import metrics
from committee.domain import deliberation as domain
from committee.domain import reasons
from committee.domain.case import Case, CaseState, Due, NoSuchCase
from committee.domain.case_record import CaseRecord, DecisionRecord, Deferral
from committee.domain.deliberation import CaseNotInDeliberation, Position, PositionCount, Verdict
from committee.domain.sitting import Sitting
from committee.handlers.scheduling import fill_meetings, fill_sittings
from committee.handlers.sittings import defer_case
from committee.store import case_records, cases, deliberation, scheduling_lock, sittings
from committee.store.rules import RULES
from townhall.chassis.auth import Caller
from townhall.chassis.db import Transaction
from townhall.contracts import committee as events
from townhall.contracts.values import ActedBy, CaseId, RuleUsed


async def recuse(tx: Transaction, case_id: CaseId, reason: str, caller: Caller) -> None:
    """Recuse the caller from a case and delete their positions on it (C7); repeated, it changes nothing.

    Raises `NoSuchCase` or `CaseElsewhere` (C7).
    """
    domain.require_undecided(await _get_for_update(tx, case_id))
    await deliberation.add_recusal(tx.session, case_id, caller.person, reason, tx.now)


async def take_position(tx: Transaction, case_id: CaseId, position: Position, caller: Caller) -> None:
    """Store the caller's position, in place of an earlier one in this sitting (C8).

    Raises `NoSuchCase`, `CaseNotInDeliberation` (C8), `MemberRecused` (C7) or `NotAttending` (C8).
    """
    case = await _get_for_update(tx, case_id)
    domain.require_in_deliberation(case, await deliberation.participation(tx.session, case, caller.person))
    await deliberation.save_position(tx.session, case, caller.person, position)


async def decide_case(tx: Transaction, case_id: CaseId, verdict: Verdict, caller: Caller) -> CaseRecord:
    """Decide a case by the positions taken; then fill agendas, or dockets after a deferral (C9 to C12).

    Raises `NoSuchCase`, `UnknownReason` (C18) or what `committee.domain.deliberation.decide` raises.
    """
    await scheduling_lock.acquire(tx.session)
    case = await _get_for_update(tx, case_id)
    reasons.require(verdict.reasons, reasons.DECISIONS[verdict.decision])
    count = domain.count_positions(
        await deliberation.stances(tx.session, case),
        recused=await deliberation.count_recusals(tx.session, case_id),
    )
    chair = await deliberation.participation(tx.session, case, caller.person)
    sitting = await _sitting_of(tx, case)
    rule = await RULES.version(tx.session, sitting.rule_version)  # C6: the version the sitting was opened under
    if domain.decide(case, chair, count, verdict.decision, rule.parameters) is CaseState.DEFERRED:
        deferral = Deferral(sitting.sitting_id, verdict.reasons, verdict.note, ActedBy.CHAIR, tx.now)
        await defer_case(tx, case, sitting, deferral, used=None)
        await fill_sittings(tx)
    else:
        await _conclude(tx, case, sitting, verdict, count, used=rule.used)
        await fill_meetings(tx)
    tx.on_commit(metrics.DECISIONS.labels(verdict.decision).inc)
    return await case_record(tx, case_id)


async def _conclude(
    tx: Transaction, case: Case, sitting: Sitting, verdict: Verdict, count: PositionCount, *, used: RuleUsed
) -> None:
    """Store and announce a final decision. `used` is the rule version that the sitting was opened under (C6)."""
    current = await RULES.in_force(tx.session, tx.now)
    due = Due(tx.now + current.parameters.agenda_period, current.version)
    await cases.save(tx.session, case.move_to(CaseState.DELIBERATED, due=due))
    decision = DecisionRecord(
        sitting_id=sitting.sitting_id,
        decision=verdict.decision,
        reasons=verdict.reasons,
        note=verdict.note,
        count=count,
        rule_version=used.version,
        article=used.article,
        at=tx.now,
    )
    await case_records.add_decision(tx.session, case.case_id, decision)
    tx.announce(
        events.CaseDeliberated(
            task_id=case.task_id,
            case_id=case.case_id,
            sitting_id=sitting.sitting_id,
            decision=verdict.decision,
            reasons=verdict.reasons,
            note=verdict.note,
            in_favour=count.in_favour,
            against=count.against,
            abstained=count.abstained,
            recused=count.recused,
            acted_by=ActedBy.CHAIR,
            rule=used,
        )
    )


async def case_record(tx: Transaction, case_id: CaseId) -> CaseRecord:
    """Return a case's public record. Raises `NoSuchCase`."""
    record = await case_records.get(tx.session, case_id)
    if record is None:
        raise NoSuchCase
    return record


async def _sitting_of(tx: Transaction, case: Case) -> Sitting:
    """Return the sitting of a case. Raises `CaseNotInDeliberation` if it has none (C8)."""
    sitting = await sittings.get(tx.session, case.sitting_id) if case.sitting_id else None
    if sitting is None:
        raise CaseNotInDeliberation  # C8
    return sitting


async def _get_for_update(tx: Transaction, case_id: CaseId) -> Case:
    case = await cases.get_for_update(tx.session, case_id)
    if case is None:
        raise NoSuchCase
    return case
