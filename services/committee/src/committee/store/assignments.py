"""The places sittings and strategy meetings have to give, and those they gave. Only under the scheduling_lock."""

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


async def sittings_ahead(session: AsyncSession, at: datetime) -> Sequence[Slot[SittingId]]:
    """Read the sittings to come that have room."""
    ahead = (col(SittingRow.state) == SittingState.CALLED) & (col(SittingRow.sits_at) > at)
    columns = (col(SittingRow.sitting_id), col(SittingRow.sits_at), col(SittingRow.capacity), col(SittingRow.taken))
    asked = select(*columns).where(ahead, col(SittingRow.taken) < col(SittingRow.capacity))
    rows = await session.execute(asked.order_by(*columns[1::-1]))
    return [Slot(SittingId(key), starts_at, capacity, taken) for key, starts_at, capacity, taken in rows]


async def meetings_ahead(session: AsyncSession, at: datetime) -> Sequence[Slot[MeetingId]]:
    """Read the strategy meetings to come that have room."""
    ahead = (col(MeetingRow.state) == MeetingState.CALLED) & (col(MeetingRow.meets_at) > at)
    columns = (col(MeetingRow.meeting_id), col(MeetingRow.meets_at), col(MeetingRow.capacity), col(MeetingRow.taken))
    asked = select(*columns).where(ahead, col(MeetingRow.taken) < col(MeetingRow.capacity))
    rows = await session.execute(asked.order_by(*columns[1::-1]))
    return [Slot(MeetingId(key), starts_at, capacity, taken) for key, starts_at, capacity, taken in rows]


async def docket(session: AsyncSession, places: Sequence[Assignment[SittingId]]) -> None:
    """Write cases, one at least, on the dockets of sittings (C3: its constraint is the judge)."""
    rows = [{"sitting_id": each.slot.id, "case_id": each.case.case_id, "position": each.position} for each in places]
    await session.execute(insert(DocketRow), rows)
    taken = [{"sitting_id": key, "taken": number} for key, number in _taken(places).items()]
    await session.execute(update(SittingRow), taken)


async def table(session: AsyncSession, places: Sequence[Assignment[MeetingId]]) -> None:
    """Write the one agenda item of each case, one case at least, or move it (C12: its constraints are the judge)."""
    rows = [{"case_id": each.case.case_id, "meeting_id": each.slot.id, "position": each.position} for each in places]
    item = insert(AgendaRow)
    here = {"meeting_id": item.excluded.meeting_id, "position": item.excluded.position}
    await session.execute(item.on_conflict_do_update(constraint="c12_one_agenda_item_per_case", set_=here), rows)
    taken = [{"meeting_id": key, "taken": number} for key, number in _taken(places).items()]
    await session.execute(update(MeetingRow), taken)


def _taken(places: Sequence[Assignment[Id]]) -> dict[Id, int]:
    """How many places each sitting or meeting has given, these included: positions rise, so the last one tells."""
    return {place.slot.id: place.position for place in places}


async def docket_of(session: AsyncSession, sitting_ids: Sequence[UUID]) -> dict[UUID, list[UUID]]:
    """Read which cases were given places on these sittings, in the order of their places."""
    listed = select(DocketRow).where(col(DocketRow.sitting_id).in_(sitting_ids)).order_by(col(DocketRow.position))
    cases: dict[UUID, list[UUID]] = {key: [] for key in sitting_ids}
    for row in await session.scalars(listed):
        cases[row.sitting_id].append(row.case_id)
    return cases


async def docketed(session: AsyncSession, sitting_id: UUID) -> list[UUID]:
    """Read which cases were given places on one sitting."""
    return (await docket_of(session, [sitting_id]))[sitting_id]
