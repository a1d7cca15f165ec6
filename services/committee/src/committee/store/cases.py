"""Cases and their causes."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import Select, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from committee.domain.case import AWAITING_SITTING, Case, CaseState, Cause, Due
from committee.domain.case_record import CauseRecord
from committee.store.tables import CaseRow, CauseRow
from townhall.contracts.values import CaseId, MeetingId, SittingId, TaskId

FRESH: Final = {"populate_existing": True}
"""Execution options of a locking read: replace rows that the session read before the lock."""


async def add(session: AsyncSession, cases: Sequence[Case]) -> None:
    """Store new cases, at least one. A second case of a task violates `c1_one_case_per_task`."""
    await session.execute(insert(CaseRow), [_row(case).model_dump() for case in cases])


async def save(session: AsyncSession, *cases: Case) -> None:
    """Store the changes to cases. The caller holds their row locks."""
    if cases:
        await session.execute(update(CaseRow), [_row(case).model_dump() for case in cases])


async def add_causes(session: AsyncSession, causes: Sequence[tuple[CaseId, CauseRecord]]) -> None:
    """Store causes, at least one; those stored before are left as they are (C1)."""
    rows = [_cause_row(case_id, cause).model_dump() for case_id, cause in causes]
    await session.execute(insert(CauseRow).on_conflict_do_nothing(constraint="c1_each_cause_once"), rows)


async def existing(session: AsyncSession, ids: Collection[CaseId]) -> set[CaseId]:
    """Return those of the ids that are cases."""
    found = await session.scalars(select(col(CaseRow.case_id)).where(col(CaseRow.case_id).in_(ids)))
    return {CaseId(case_id) for case_id in found}


async def get(session: AsyncSession, case_id: CaseId) -> Case | None:
    """Return one case, or None."""
    query = select(CaseRow).where(col(CaseRow.case_id) == case_id)
    row = (await session.scalars(query, execution_options=FRESH)).first()
    return case_of(row) if row else None


async def get_for_update(session: AsyncSession, case_id: CaseId) -> Case | None:
    """Lock and return one case, or None."""
    found = await _lock(session, select(CaseRow).where(col(CaseRow.case_id) == case_id))
    return found[0] if found else None


async def lock_of_sitting(session: AsyncSession, sitting_id: SittingId, state: CaseState) -> Sequence[Case]:
    """Lock and return the cases of a sitting that are in this state, oldest first."""
    mine = (col(CaseRow.sitting_id) == sitting_id) & (col(CaseRow.state) == state)
    return await _lock(session, select(CaseRow).where(mine))


async def lock_awaiting_sitting(session: AsyncSession) -> Sequence[Case]:
    """Lock and return the cases that wait for a sitting, oldest first."""
    return await _lock(session, select(CaseRow).where(col(CaseRow.state).in_(AWAITING_SITTING)))


async def lock_awaiting_meeting(session: AsyncSession) -> Sequence[Case]:
    """Lock and return the deliberated cases, which wait for a strategy meeting, oldest first."""
    return await _lock(session, select(CaseRow).where(col(CaseRow.state) == CaseState.DELIBERATED))


async def lock_overdue(session: AsyncSession, at: datetime, limit: int) -> Sequence[Case]:
    """Lock and return the cases that are overdue and not yet announced, earliest due first (C17).

    Rows that another transaction has locked are skipped, so that several processes share the work.
    """
    overdue = (col(CaseRow.due_at) <= at) & ~col(CaseRow.overdue_announced)
    query = select(CaseRow).where(overdue).order_by(col(CaseRow.due_at)).limit(limit)
    rows = await session.scalars(query.with_for_update(skip_locked=True), execution_options=FRESH)
    return [case_of(row) for row in rows]


async def _lock(session: AsyncSession, query: Select[CaseRow]) -> list[Case]:
    in_order = query.order_by(col(CaseRow.opened_at), col(CaseRow.case_id)).with_for_update(key_share=True)
    return [case_of(row) for row in await session.scalars(in_order, execution_options=FRESH)]


def _row(case: Case) -> CaseRow:
    return CaseRow(
        case_id=case.case_id,
        task_id=case.task_id,
        title=case.title,
        cause=case.cause,
        opened_at=case.opened_at,
        state=case.state,
        sitting_id=case.sitting_id,
        meeting_id=case.meeting_id,
        later_than=case.later_than,
        due_at=case.due.at if case.due else None,
        due_rule_version=case.due.rule_version if case.due else None,
        overdue_announced=case.due.overdue_announced if case.due else False,
    )


def case_of(row: CaseRow) -> Case:
    """Return the case of a row."""
    due = Due(row.due_at, row.due_rule_version, row.overdue_announced) if row.due_at and row.due_rule_version else None
    return Case(
        case_id=CaseId(row.case_id),
        task_id=TaskId(row.task_id),
        title=row.title,
        cause=Cause(row.cause),
        opened_at=row.opened_at,
        state=CaseState(row.state),
        sitting_id=SittingId(row.sitting_id) if row.sitting_id else None,
        meeting_id=MeetingId(row.meeting_id) if row.meeting_id else None,
        later_than=row.later_than,
        due=due,
    )


def _cause_row(case_id: CaseId, cause: CauseRecord) -> CauseRow:
    return CauseRow(
        case_id=case_id,
        cause=cause.cause,
        rule_version=cause.rule_version,
        article=cause.article,
        reason=cause.reason,
        note=cause.note,
        at=cause.at,
    )


def cause_of(row: CauseRow) -> CauseRecord:
    """Return the cause of a row."""
    return CauseRecord(Cause(row.cause), row.at, row.rule_version, row.article, row.reason, row.note)
