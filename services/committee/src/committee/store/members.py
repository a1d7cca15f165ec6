"""What members say and why they stand back, by pseudonym. Only numbers of it leave the service."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, exists, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from committee.domain.case import Case
from committee.domain.deliberation import Part, Position, Stance
from committee.store.tables import AttendanceRow, PositionRow, RecusalRow
from townhall.contracts.values import CaseId


async def part(session: AsyncSession, case: Case, person: str) -> Part:
    """Read whether a member is in the room and not recused."""
    room = (col(AttendanceRow.sitting_id) == case.sitting_id) & (col(AttendanceRow.person) == person)
    back = (col(RecusalRow.case_id) == case.case_id) & (col(RecusalRow.person) == person)
    attending, recused = (await session.execute(select(exists().where(room), exists().where(back)))).one()
    return Part(attending=attending, recused=recused)


async def recuse(session: AsyncSession, case_id: CaseId, person: str, reason: str, at: datetime) -> None:
    """Note that a member stands back, and strike what they said before (C7). Said again, the first stays."""
    row = {"case_id": case_id, "person": person, "reason": reason, "recused_at": at}
    await session.execute(insert(RecusalRow).values(row).on_conflict_do_nothing(constraint="c7_one_recusal_per_member"))
    theirs = (col(PositionRow.case_id) == case_id) & (col(PositionRow.person) == person)
    await session.execute(delete(PositionRow).where(theirs))


async def take_position(session: AsyncSession, case: Case, person: str, position: Position) -> None:
    """Store a member's position; a later one takes the place of the earlier (C8)."""
    said = {"stance": position.stance, "note": position.note, "taken_at": position.taken_at}
    row = {"case_id": case.case_id, "sitting_id": case.sitting_id, "person": person}
    taken = insert(PositionRow).values(row | said)
    await session.execute(taken.on_conflict_do_update(constraint="c8_one_position_per_member", set_=said))


async def position(session: AsyncSession, case: Case, person: str) -> Position | None:
    """Read a member's own position in the sitting that has the case."""
    here = (col(PositionRow.case_id) == case.case_id) & (col(PositionRow.sitting_id) == case.sitting_id)
    row = (await session.scalars(select(PositionRow).where(here, col(PositionRow.person) == person))).first()
    return Position(Stance(row.stance), row.note, row.taken_at) if row else None


async def stances(session: AsyncSession, case: Case) -> Sequence[Stance]:
    """Read the positions taken in the sitting that has the case."""
    here = (col(PositionRow.case_id) == case.case_id) & (col(PositionRow.sitting_id) == case.sitting_id)
    return [Stance(each) for each in await session.scalars(select(col(PositionRow.stance)).where(here))]


async def recused(session: AsyncSession, case_id: CaseId) -> int:
    """Count who stood back from a case."""
    asked = select(func.count()).where(col(RecusalRow.case_id) == case_id)
    return (await session.execute(asked)).scalar_one()
