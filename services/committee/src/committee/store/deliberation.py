"""Recusals and positions of members, under their pseudonyms. Only numbers of them leave the service (C19)."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, exists, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from committee.domain.case import Case
from committee.domain.deliberation import CaseNotInDeliberation, Participation, Position, Stance
from committee.store.tables import AttendanceRow, PositionRow, RecusalRow
from townhall.contracts.values import CaseId


async def participation(session: AsyncSession, case: Case, person: str) -> Participation:
    """Return whether a member attends the case's sitting, and whether they are recused."""
    attendance = (col(AttendanceRow.sitting_id) == case.sitting_id) & (col(AttendanceRow.person) == person)
    recusal = (col(RecusalRow.case_id) == case.case_id) & (col(RecusalRow.person) == person)
    attending, recused = (await session.execute(select(exists().where(attendance), exists().where(recusal)))).one()
    return Participation(attending=attending, recused=recused)


async def add_recusal(session: AsyncSession, case_id: CaseId, person: str, reason: str, at: datetime) -> None:
    """Store a member's recusal and delete their positions on the case (C7). An earlier recusal is left as it is."""
    row = RecusalRow(case_id=case_id, person=person, reason=reason, recused_at=at)
    added = insert(RecusalRow).values(row.model_dump())
    await session.execute(added.on_conflict_do_nothing(constraint="c7_one_recusal_per_member"))
    theirs = (col(PositionRow.case_id) == case_id) & (col(PositionRow.person) == person)
    await session.execute(delete(PositionRow).where(theirs))


async def save_position(session: AsyncSession, case: Case, person: str, position: Position) -> None:
    """Store a member's position in the case's sitting, in place of an earlier one (C8).

    Raises `CaseNotInDeliberation` if no sitting has the case.
    """
    row = _row(case, person, position)
    changes = row.model_dump(include={"stance", "note", "taken_at"})
    added = insert(PositionRow).values(row.model_dump())
    await session.execute(added.on_conflict_do_update(constraint="c8_one_position_per_member", set_=changes))


async def position(session: AsyncSession, case: Case, person: str) -> Position | None:
    """Return a member's position in the case's sitting, or None."""
    here = (col(PositionRow.case_id) == case.case_id) & (col(PositionRow.sitting_id) == case.sitting_id)
    row = (await session.scalars(select(PositionRow).where(here, col(PositionRow.person) == person))).first()
    return _value(row) if row else None


async def stances(session: AsyncSession, case: Case) -> Sequence[Stance]:
    """Return the stances of all positions taken in the case's sitting."""
    here = (col(PositionRow.case_id) == case.case_id) & (col(PositionRow.sitting_id) == case.sitting_id)
    return [Stance(each) for each in await session.scalars(select(col(PositionRow.stance)).where(here))]


async def count_recusals(session: AsyncSession, case_id: CaseId) -> int:
    """Return the number of members recused from a case."""
    query = select(func.count()).where(col(RecusalRow.case_id) == case_id)
    return (await session.execute(query)).scalar_one()


def _row(case: Case, person: str, position: Position) -> PositionRow:
    if case.sitting_id is None:
        raise CaseNotInDeliberation  # C8: no sitting has the case
    return PositionRow(
        case_id=case.case_id,
        sitting_id=case.sitting_id,
        person=person,
        stance=position.stance,
        note=position.note,
        taken_at=position.taken_at,
    )


def _value(row: PositionRow) -> Position:
    return Position(Stance(row.stance), row.note, row.taken_at)
