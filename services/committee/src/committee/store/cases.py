"""Cases as they stand, and what brought them here."""

from collections.abc import Collection, Sequence
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


async def add(session: AsyncSession, cases: Sequence[Case]) -> None:
    """Store new cases, one at least. A second one of its task is refused by `c1_one_case_per_task`."""
    await session.execute(insert(CaseRow), [_first(case) | _now(case) for case in cases])


async def save(session: AsyncSession, *cases: Case) -> None:
    """Store where cases came to. Their rows are locked."""
    if cases:
        await session.execute(update(CaseRow), [{"case_id": case.case_id} | _now(case) for case in cases])


async def add_causes(session: AsyncSession, causes: Sequence[tuple[CaseId, CauseFact]]) -> None:
    """Keep what brought tasks here, one cause at least; what is known already changes nothing."""
    rows = [
        {
            "case_id": case_id,
            "cause": fact.cause,
            "rule_version": fact.rule_version,
            "article": fact.article,
            "reason": fact.reason,
            "note": fact.note,
            "at": fact.at,
        }
        for case_id, fact in causes
    ]
    await session.execute(insert(CauseRow).on_conflict_do_nothing(constraint="c1_each_cause_once"), rows)


async def known(session: AsyncSession, ids: Collection[CaseId]) -> set[CaseId]:
    """Tell which of these cases were opened."""
    found = await session.scalars(select(col(CaseRow.case_id)).where(col(CaseRow.case_id).in_(ids)))
    return {CaseId(case_id) for case_id in found}


async def found(session: AsyncSession, case_id: CaseId) -> Case | None:
    """Read one case."""
    asked = select(CaseRow).where(col(CaseRow.case_id) == case_id)
    row = (await session.scalars(asked, execution_options=FRESH)).first()
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


def _first(case: Case) -> dict[str, Any]:
    """What of a case never changes."""
    return {
        "case_id": case.case_id,
        "task_id": case.task_id,
        "title": case.title,
        "cause": case.cause,
        "opened_at": case.opened_at,
    }


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
