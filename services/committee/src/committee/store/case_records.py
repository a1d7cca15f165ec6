"""The public records of cases: decisions, deferrals, outcomes, and whole records."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple, TypeVar
from uuid import UUID

from sqlalchemy import Select, func, literal, select, tuple_
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from committee.domain.case import CaseState
from committee.domain.case_record import CaseRecord, DecisionRecord, Deferral, OutcomeRecord
from committee.domain.deliberation import PositionCount
from committee.store.cases import FRESH, case_of, cause_of
from committee.store.meeting_tables import AgendaRow, DirectiveRow, OutcomeRow
from committee.store.tables import CaseRow, CauseRow, DecisionRow, DeferralRow
from townhall.chassis.http import Cursor
from townhall.contracts.values import ActedBy, CaseId, Decision, DirectiveId, MeetingId, Outcome, SittingId, TaskId

V = TypeVar("V")


class CaseCount(NamedTuple):
    """The number of cases in a state that were, or were not, announced as overdue."""

    state: CaseState
    overdue: bool
    cases: int


async def add_decision(session: AsyncSession, case_id: CaseId, decision: DecisionRecord) -> None:
    """Store the decision on a case. A second one violates `c9_one_decision_per_case`."""
    await session.execute(insert(DecisionRow).values(_decision_row(case_id, decision).model_dump()))


async def add_deferral(session: AsyncSession, case_id: CaseId, deferral: Deferral) -> None:
    """Store the deferral of a case by a sitting."""
    await session.execute(insert(DeferralRow).values(_deferral_row(case_id, deferral).model_dump()))


async def add_outcome(session: AsyncSession, case_id: CaseId, outcome: OutcomeRecord) -> None:
    """Store the outcome of a case's agenda item (C14: constraints refuse a second one)."""
    position = select(col(AgendaRow.position)).where(col(AgendaRow.case_id) == case_id)
    row = _outcome_row(case_id, outcome, (await session.scalars(position)).one())
    await session.execute(insert(OutcomeRow).values(row.model_dump()))


async def get(session: AsyncSession, case_id: CaseId) -> CaseRecord | None:
    """Return the record of one case, or None."""
    return next(iter(await _records(session, select(CaseRow).where(col(CaseRow.case_id) == case_id))), None)


async def page(
    session: AsyncSession, state: CaseState | None, task_id: TaskId | None, after: Cursor | None, limit: int
) -> Sequence[CaseRecord]:
    """Return up to `limit + 1` records after the cursor, newest first, of this state and task if given."""
    time, key = col(CaseRow.opened_at), col(CaseRow.case_id)
    query: Select[CaseRow] = select(CaseRow).order_by(time.desc(), key.desc()).limit(limit + 1)
    if state is not None:
        query = query.where(col(CaseRow.state) == state)
    if task_id is not None:
        query = query.where(col(CaseRow.task_id) == task_id)
    if after is not None:
        query = query.where(tuple_(time, key) < tuple_(literal(after.at), literal(after.id)))
    return await _records(session, query)


async def count_by_state(session: AsyncSession) -> Sequence[CaseCount]:
    """Return the number of cases by state and by whether they were announced as overdue."""
    columns = (col(CaseRow.state), col(CaseRow.overdue_announced))
    counted = await session.execute(select(*columns, func.count()).group_by(*columns))
    return [CaseCount(CaseState(state), overdue, number) for state, overdue, number in counted]


async def decided_at(session: AsyncSession, ids: Sequence[CaseId]) -> Sequence[datetime]:
    """Return when the Committee decided each of these cases, in no particular order."""
    return (await session.scalars(select(col(DecisionRow.at)).where(col(DecisionRow.case_id).in_(ids)))).all()


async def _records(session: AsyncSession, query: Select[CaseRow]) -> list[CaseRecord]:
    rows = (await session.scalars(query, execution_options=FRESH)).all()
    ids = [row.case_id for row in rows]
    causes = _by_case((row.case_id, cause_of(row)) for row in await session.scalars(_causes(ids)))
    deferrals = _by_case((row.case_id, _deferral_of(row)) for row in await session.scalars(_deferrals(ids)))
    outcomes = _by_case((row.case_id, _outcome_of(row)) for row in await session.scalars(_outcomes(ids)))
    decisions, directives = await _decisions(session, ids), await _directives(session, ids)
    return [
        CaseRecord(
            case=case_of(row),
            causes=tuple(causes[row.case_id]),
            deferrals=tuple(deferrals[row.case_id]),
            decision=decisions.get(row.case_id),
            outcomes=tuple(outcomes[row.case_id]),
            directive_id=directives.get(row.case_id),
        )
        for row in rows
    ]


def _causes(ids: Sequence[UUID]) -> Select[CauseRow]:
    return select(CauseRow).where(col(CauseRow.case_id).in_(ids)).order_by(col(CauseRow.at))


def _deferrals(ids: Sequence[UUID]) -> Select[DeferralRow]:
    return select(DeferralRow).where(col(DeferralRow.case_id).in_(ids)).order_by(col(DeferralRow.at))


def _outcomes(ids: Sequence[UUID]) -> Select[OutcomeRow]:
    return select(OutcomeRow).where(col(OutcomeRow.case_id).in_(ids)).order_by(col(OutcomeRow.at))


async def _decisions(session: AsyncSession, ids: Sequence[UUID]) -> dict[UUID, DecisionRecord]:
    found = await session.scalars(select(DecisionRow).where(col(DecisionRow.case_id).in_(ids)))
    return {row.case_id: _decision_of(row) for row in found}


async def _directives(session: AsyncSession, ids: Sequence[UUID]) -> dict[UUID, DirectiveId]:
    columns = select(col(DirectiveRow.case_id), col(DirectiveRow.directive_id))
    found = await session.execute(columns.where(col(DirectiveRow.case_id).in_(ids)))
    return {case_id: DirectiveId(directive_id) for case_id, directive_id in found}


def _by_case(pairs: Iterable[tuple[UUID, V]]) -> dict[UUID, list[V]]:
    found: dict[UUID, list[V]] = defaultdict(list)
    for case_id, each in pairs:
        found[case_id].append(each)
    return found


def _decision_row(case_id: CaseId, decision: DecisionRecord) -> DecisionRow:
    return DecisionRow(
        case_id=case_id,
        sitting_id=decision.sitting_id,
        decision=decision.decision,
        reasons=list(decision.reasons),
        note=decision.note,
        in_favour=decision.count.in_favour,
        against=decision.count.against,
        abstained=decision.count.abstained,
        recused=decision.count.recused,
        rule_version=decision.rule_version,
        article=decision.article,
        at=decision.at,
    )


def _decision_of(row: DecisionRow) -> DecisionRecord:
    return DecisionRecord(
        sitting_id=SittingId(row.sitting_id),
        decision=Decision(row.decision),
        reasons=tuple(row.reasons),
        note=row.note,
        count=PositionCount(row.in_favour, row.against, row.abstained, row.recused),
        rule_version=row.rule_version,
        article=row.article,
        at=row.at,
    )


def _deferral_row(case_id: CaseId, deferral: Deferral) -> DeferralRow:
    return DeferralRow(
        case_id=case_id,
        sitting_id=deferral.sitting_id,
        reasons=list(deferral.reasons),
        note=deferral.note,
        acted_by=deferral.acted_by,
        at=deferral.at,
    )


def _deferral_of(row: DeferralRow) -> Deferral:
    return Deferral(SittingId(row.sitting_id), tuple(row.reasons), row.note, ActedBy(row.acted_by), row.at)


def _outcome_row(case_id: CaseId, outcome: OutcomeRecord, position: int) -> OutcomeRow:
    return OutcomeRow(
        case_id=case_id,
        meeting_id=outcome.meeting_id,
        position=position,
        outcome=outcome.outcome,
        reason=outcome.reason,
        note=outcome.note,
        at=outcome.at,
    )


def _outcome_of(row: OutcomeRow) -> OutcomeRecord:
    return OutcomeRecord(MeetingId(row.meeting_id), Outcome(row.outcome), row.reason, row.note, row.at)
