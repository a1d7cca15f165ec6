"""Dockets and agendas: the room that sittings and meetings have, and the positions assigned on them.

Write only with the scheduling lock held.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from committee.domain.assignment import Assignment, Id, Slot
from committee.domain.meeting import MeetingState
from committee.domain.sitting import SittingState
from committee.store.meeting_tables import AgendaRow, MeetingRow
from committee.store.tables import DocketRow, SittingRow
from townhall.contracts.values import MeetingId, SittingId


async def sitting_slots(session: AsyncSession, at: datetime) -> Sequence[Slot[SittingId]]:
    """Return the called sittings that start after this time and have room, earliest first."""
    future = (col(SittingRow.state) == SittingState.CALLED) & (col(SittingRow.sits_at) > at)
    columns = (col(SittingRow.sitting_id), col(SittingRow.sits_at), col(SittingRow.capacity), col(SittingRow.taken))
    query = select(*columns).where(future, col(SittingRow.taken) < col(SittingRow.capacity))
    rows = await session.execute(query.order_by(*columns[1::-1]))
    return [Slot(SittingId(key), starts_at, capacity, taken) for key, starts_at, capacity, taken in rows]


async def meeting_slots(session: AsyncSession, at: datetime) -> Sequence[Slot[MeetingId]]:
    """Return the called meetings that start after this time and have room, earliest first."""
    future = (col(MeetingRow.state) == MeetingState.CALLED) & (col(MeetingRow.meets_at) > at)
    columns = (col(MeetingRow.meeting_id), col(MeetingRow.meets_at), col(MeetingRow.capacity), col(MeetingRow.taken))
    query = select(*columns).where(future, col(MeetingRow.taken) < col(MeetingRow.capacity))
    rows = await session.execute(query.order_by(*columns[1::-1]))
    return [Slot(MeetingId(key), starts_at, capacity, taken) for key, starts_at, capacity, taken in rows]


async def add_to_dockets(session: AsyncSession, assigned: Sequence[Assignment[SittingId]]) -> None:
    """Store docket entries, at least one (C3: a constraint refuses more than the capacity)."""
    rows = [DocketRow(sitting_id=each.slot.id, case_id=each.case.case_id, position=each.position) for each in assigned]
    await session.execute(insert(DocketRow), [row.model_dump() for row in rows])
    taken = [{"sitting_id": key, "taken": number} for key, number in _last_positions(assigned).items()]
    await session.execute(update(SittingRow), taken)


async def add_to_agendas(session: AsyncSession, assigned: Sequence[Assignment[MeetingId]]) -> None:
    """Store agenda items, at least one; the item of a case that has one is moved (C12: constraints decide)."""
    rows = [AgendaRow(case_id=each.case.case_id, meeting_id=each.slot.id, position=each.position) for each in assigned]
    item = insert(AgendaRow)
    moved = {"meeting_id": item.excluded.meeting_id, "position": item.excluded.position}
    upsert = item.on_conflict_do_update(constraint="c12_one_agenda_item_per_case", set_=moved)
    await session.execute(upsert, [row.model_dump() for row in rows])
    taken = [{"meeting_id": key, "taken": number} for key, number in _last_positions(assigned).items()]
    await session.execute(update(MeetingRow), taken)


def _last_positions(assigned: Sequence[Assignment[Id]]) -> dict[Id, int]:
    """Return the highest new position of each slot, which is its number of positions: assignments come in order."""
    return {each.slot.id: each.position for each in assigned}


async def dockets(session: AsyncSession, sitting_ids: Sequence[UUID]) -> dict[UUID, list[UUID]]:
    """Return the ids of the cases on each of these dockets by position, those that left it included."""
    query = select(DocketRow).where(col(DocketRow.sitting_id).in_(sitting_ids)).order_by(col(DocketRow.position))
    cases: dict[UUID, list[UUID]] = {key: [] for key in sitting_ids}
    for row in await session.scalars(query):
        cases[row.sitting_id].append(row.case_id)
    return cases


async def docket(session: AsyncSession, sitting_id: UUID) -> list[UUID]:
    """Return the ids of the cases on one docket by position, those that left it included."""
    return (await dockets(session, [sitting_id]))[sitting_id]
