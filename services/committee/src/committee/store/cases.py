"""Cases as they stand, and what brought them here."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Select, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from committee.domain.case import WAITS_FOR_SITTING, Case, CaseState, Cause, Due
from committee.domain.record import CauseFact
from committee.store.tables import CaseRow, CauseRow
from townhall.contracts.values import CaseId, MeetingId, SittingId, TaskId

FRESH: Final = {"populate_existing": True}
"""What is read under a lock is what counts, even when the session has read the row before."""


async def add(session: AsyncSession, case: Case) -> None:
    """Store a new case. A second one of its task is refused by `c1_one_case_per_task`."""
    first = {"case_id": case.case_id, "task_id": case.task_id, "title": case.title, "cause": case.cause}
    await session.execute(insert(CaseRow).values(**first, opened_at=case.opened_at, **_now(case)))


async def save(session: AsyncSession, case: Case) -> None:
    """Store where a case came to. Its row is locked."""
    await session.execute(update(CaseRow).where(col(CaseRow.case_id) == case.case_id).values(**_now(case)))


async def add_cause(session: AsyncSession, case_id: CaseId, fact: CauseFact) -> None:
    """Keep what brought the task here; known already, it changes nothing."""
    row = {
        "case_id": case_id,
        "cause": fact.cause,
        "rule_version": fact.rule_version,
        "article": fact.article,
        "reason": fact.reason,
        "note": fact.note,
        "at": fact.at,
    }
    await session.execute(insert(CauseRow).values(row).on_conflict_do_nothing(constraint="c1_each_cause_once"))


async def known(session: AsyncSession, case_id: CaseId) -> bool:
    """Tell whether the case was opened."""
    return (
        await session.scalars(select(col(CaseRow.case_id)).where(col(CaseRow.case_id) == case_id))
    ).first() is not None


async def found(session: AsyncSession, case_id: CaseId) -> Case | None:
    """Read one case."""
    row = (await session.scalars(select(CaseRow).where(col(CaseRow.case_id) == case_id))).first()
    return read(row) if row else None


async def locked(session: AsyncSession, case_id: CaseId) -> Case | None:
    """Lock and read one case."""
    found = await _locked(session, select(CaseRow).where(col(CaseRow.case_id) == case_id))
    return found[0] if found else None


async def of_sitting(session: AsyncSession, sitting_id: SittingId, state: CaseState) -> Sequence[Case]:
    """Lock and read the cases that stand in this state on a sitting."""
    here = (col(CaseRow.sitting_id) == sitting_id) & (col(CaseRow.state) == state)
    return await _locked(session, select(CaseRow).where(here))


async def waiting_for_sitting(session: AsyncSession) -> Sequence[Case]:
    """Lock and read the cases without a sitting."""
    return await _locked(session, select(CaseRow).where(col(CaseRow.state).in_(WAITS_FOR_SITTING)))


async def waiting_for_meeting(session: AsyncSession) -> Sequence[Case]:
    """Lock and read the deliberated cases without a meeting."""
    return await _locked(session, select(CaseRow).where(col(CaseRow.state) == CaseState.DELIBERATED))


async def overdue(session: AsyncSession, at: datetime, most: int) -> Sequence[Case]:
    """Lock and read cases that wait too long and of which nobody was told, leaving those another process works on."""
    late = (col(CaseRow.due_at) <= at) & ~col(CaseRow.overdue_told)
    asked = select(CaseRow).where(late).order_by(col(CaseRow.due_at)).limit(most)
    rows = await session.scalars(asked.with_for_update(skip_locked=True), execution_options=FRESH)
    return [read(row) for row in rows]


async def _locked(session: AsyncSession, asked: Select[CaseRow]) -> list[Case]:
    in_order = asked.order_by(col(CaseRow.opened_at), col(CaseRow.case_id)).with_for_update(key_share=True)
    return [read(row) for row in await session.scalars(in_order, execution_options=FRESH)]


def _now(case: Case) -> dict[str, Any]:
    """What of a case can change."""
    return {
        "state": case.state,
        "sitting_id": case.sitting_id,
        "meeting_id": case.meeting_id,
        "later_than": case.later_than,
        "due_at": case.due.at if case.due else None,
        "due_rule_version": case.due.rule_version if case.due else None,
        "overdue_told": case.due.told if case.due else False,
    }


def read(row: CaseRow) -> Case:
    """Return the case a row is about."""
    due = Due(row.due_at, row.due_rule_version, told=row.overdue_told) if row.due_at and row.due_rule_version else None
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
