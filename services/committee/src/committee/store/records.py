"""Cases with their whole record, as anyone may read them."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TypeVar
from uuid import UUID

from sqlalchemy import Select, func, literal, select, tuple_
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from committee.domain.case import CaseState, Cause
from committee.domain.deliberation import Count
from committee.domain.record import CaseFile, CauseFact, Decided, Deferral, OutcomeNoted
from committee.store.cases import FRESH, read
from committee.store.meeting_tables import DirectiveRow, OutcomeRow
from committee.store.tables import CaseRow, CauseRow, DecisionRow, DeferralRow
from townhall.contracts.values import ActedBy, CaseId, Decision, DirectiveId, MeetingId, Outcome, SittingId, TaskId

V = TypeVar("V")


async def add_decision(session: AsyncSession, case_id: CaseId, decided: Decided) -> None:
    """Store the decision. A second one is refused by `c9_one_decision_per_case`."""
    row = {
        "case_id": case_id,
        "sitting_id": decided.sitting_id,
        "decision": decided.decision,
        "reasons": list(decided.reasons),
        "note": decided.note,
        "in_favour": decided.count.in_favour,
        "against": decided.count.against,
        "abstained": decided.count.abstained,
        "recused": decided.count.recused,
        "rule_version": decided.rule_version,
        "article": decided.article,
        "at": decided.at,
    }
    await session.execute(insert(DecisionRow).values(row))


async def add_deferral(session: AsyncSession, case_id: CaseId, deferral: Deferral) -> None:
    """Store why a sitting did not decide."""
    row = {
        "case_id": case_id,
        "sitting_id": deferral.sitting_id,
        "reasons": list(deferral.reasons),
        "note": deferral.note,
        "acted_by": deferral.acted_by,
        "at": deferral.at,
    }
    await session.execute(insert(DeferralRow).values(row))


async def found(session: AsyncSession, case_id: CaseId) -> CaseFile | None:
    """Read one case."""
    return next(iter(await _whole(session, select(CaseRow).where(col(CaseRow.case_id) == case_id))), None)


async def page(
    session: AsyncSession,
    state: CaseState | None,
    task_id: TaskId | None,
    after: tuple[datetime, UUID] | None,
    limit: int,
) -> Sequence[CaseFile]:
    """Read cases, newest first, from the place where the last page ended."""
    time, key = col(CaseRow.opened_at), col(CaseRow.case_id)
    asked: Select[CaseRow] = select(CaseRow).order_by(time.desc(), key.desc()).limit(limit)
    if state is not None:
        asked = asked.where(col(CaseRow.state) == state)
    if task_id is not None:
        asked = asked.where(col(CaseRow.task_id) == task_id)
    if after is not None:
        asked = asked.where(tuple_(time, key) < tuple_(literal(after[0]), literal(after[1])))
    return await _whole(session, asked)


async def standing(session: AsyncSession) -> Sequence[tuple[CaseState, bool, int]]:
    """Count the cases by state and by whether they wait too long."""
    asked = select(col(CaseRow.state), col(CaseRow.overdue_told), func.count())
    counted = await session.execute(asked.group_by(col(CaseRow.state), col(CaseRow.overdue_told)))
    return [(CaseState(state), late, number) for state, late, number in counted]


async def _whole(session: AsyncSession, asked: Select[CaseRow]) -> list[CaseFile]:
    rows = (await session.scalars(asked, execution_options=FRESH)).all()
    ids = [row.case_id for row in rows]
    causes, deferrals = await _causes(session, ids), await _deferrals(session, ids)
    decisions, outcomes = await _decisions(session, ids), await _outcomes(session, ids)
    directives = await _directives(session, ids)
    return [
        CaseFile(
            case=read(row),
            causes=tuple(causes[row.case_id]),
            deferrals=tuple(deferrals[row.case_id]),
            decided=decisions.get(row.case_id),
            outcomes=tuple(outcomes[row.case_id]),
            directive_id=directives.get(row.case_id),
        )
        for row in rows
    ]


async def _causes(session: AsyncSession, ids: Sequence[UUID]) -> dict[UUID, list[CauseFact]]:
    found = await session.scalars(select(CauseRow).where(col(CauseRow.case_id).in_(ids)).order_by(col(CauseRow.at)))
    return _by_case((row.case_id, _cause(row)) for row in found)


async def _deferrals(session: AsyncSession, ids: Sequence[UUID]) -> dict[UUID, list[Deferral]]:
    asked = select(DeferralRow).where(col(DeferralRow.case_id).in_(ids)).order_by(col(DeferralRow.at))
    return _by_case((row.case_id, _deferral(row)) for row in await session.scalars(asked))


async def _decisions(session: AsyncSession, ids: Sequence[UUID]) -> dict[UUID, Decided]:
    found = await session.scalars(select(DecisionRow).where(col(DecisionRow.case_id).in_(ids)))
    return {row.case_id: _decided(row) for row in found}


async def _outcomes(session: AsyncSession, ids: Sequence[UUID]) -> dict[UUID, list[OutcomeNoted]]:
    asked = select(OutcomeRow).where(col(OutcomeRow.case_id).in_(ids)).order_by(col(OutcomeRow.at))
    return _by_case((row.case_id, _outcome(row)) for row in await session.scalars(asked))


async def _directives(session: AsyncSession, ids: Sequence[UUID]) -> dict[UUID, DirectiveId]:
    columns = select(col(DirectiveRow.case_id), col(DirectiveRow.directive_id))
    found = await session.execute(columns.where(col(DirectiveRow.case_id).in_(ids)))
    return {case_id: DirectiveId(directive_id) for case_id, directive_id in found}


def _by_case(facts: Iterable[tuple[UUID, V]]) -> dict[UUID, list[V]]:
    found: dict[UUID, list[V]] = defaultdict(list)
    for case_id, fact in facts:
        found[case_id].append(fact)
    return found


def _cause(row: CauseRow) -> CauseFact:
    return CauseFact(Cause(row.cause), row.at, row.rule_version, row.article, row.reason, row.note)


def _deferral(row: DeferralRow) -> Deferral:
    return Deferral(SittingId(row.sitting_id), tuple(row.reasons), row.note, ActedBy(row.acted_by), row.at)


def _decided(row: DecisionRow) -> Decided:
    return Decided(
        sitting_id=SittingId(row.sitting_id),
        decision=Decision(row.decision),
        reasons=tuple(row.reasons),
        note=row.note,
        count=Count(row.in_favour, row.against, row.abstained, row.recused),
        rule_version=row.rule_version,
        article=row.article,
        at=row.at,
    )


def _outcome(row: OutcomeRow) -> OutcomeNoted:
    return OutcomeNoted(MeetingId(row.meeting_id), Outcome(row.outcome), row.reason, row.note, row.at)
