"""Strategy meetings and their agendas."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import Select, and_, literal, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from committee.domain.meeting import AgendaItem, Meeting, MeetingState
from committee.store.cases import FRESH
from committee.store.meeting_tables import AgendaRow, MeetingRow, OutcomeRow
from committee.store.tables import CaseRow
from townhall.chassis.http import Cursor
from townhall.contracts.values import CaseId, MeetingId, Outcome, TaskId


async def add(session: AsyncSession, meeting: Meeting) -> None:
    """Store a new meeting."""
    await session.execute(insert(MeetingRow).values(_row(meeting).model_dump()))


async def save(session: AsyncSession, meeting: Meeting) -> None:
    """Store the changes to a meeting. The caller holds its row lock."""
    columns = _row(meeting).model_dump(exclude={"meeting_id", "taken"})
    await session.execute(update(MeetingRow).where(col(MeetingRow.meeting_id) == meeting.meeting_id).values(columns))


async def get_for_update(session: AsyncSession, meeting_id: MeetingId) -> Meeting | None:
    """Lock and return one meeting, or None."""
    query = select(MeetingRow).where(col(MeetingRow.meeting_id) == meeting_id).with_for_update(key_share=True)
    row = (await session.scalars(query, execution_options=FRESH)).first()
    return _value(row) if row else None


async def get(session: AsyncSession, meeting_id: MeetingId) -> Meeting | None:
    """Return one meeting, or None."""
    row = (await session.scalars(select(MeetingRow).where(col(MeetingRow.meeting_id) == meeting_id))).first()
    return _value(row) if row else None


async def page(session: AsyncSession, after: Cursor | None, limit: int) -> Sequence[Meeting]:
    """Return up to `limit + 1` meetings after the cursor, latest first."""
    time, key = col(MeetingRow.meets_at), col(MeetingRow.meeting_id)
    query: Select[MeetingRow] = select(MeetingRow).order_by(time.desc(), key.desc()).limit(limit + 1)
    if after is not None:
        query = query.where(tuple_(time, key) < tuple_(literal(after.at), literal(after.id)))
    return [_value(row) for row in await session.scalars(query)]


async def agendas(session: AsyncSession, meeting_ids: Sequence[UUID]) -> dict[UUID, list[AgendaItem]]:
    """Return the agenda of each meeting by position: its current items, and those it deferred to a later meeting."""
    items: dict[UUID, list[AgendaItem]] = {key: [] for key in meeting_ids}
    for meeting_id, position, case_id, task_id, title, outcome in await session.execute(_items(meeting_ids)):
        recorded = Outcome(outcome) if outcome else None
        items[meeting_id].append(AgendaItem(position, CaseId(case_id), TaskId(task_id), title, recorded))
    return items


def _items(meeting_ids: Sequence[UUID]) -> Select[UUID, int, UUID, UUID, str, str | None]:
    current = select(col(AgendaRow.meeting_id), col(AgendaRow.position), col(AgendaRow.case_id))
    with_outcome = select(col(OutcomeRow.meeting_id), col(OutcomeRow.position), col(OutcomeRow.case_id))
    items = current.union(with_outcome).subquery()
    same = and_(col(OutcomeRow.meeting_id) == items.c.meeting_id, col(OutcomeRow.case_id) == items.c.case_id)
    return (
        select(
            items.c.meeting_id,
            items.c.position,
            items.c.case_id,
            col(CaseRow.task_id),
            col(CaseRow.title),
            col(OutcomeRow.outcome),
        )
        .join(CaseRow, col(CaseRow.case_id) == items.c.case_id)
        .outerjoin(OutcomeRow, same)
        .where(items.c.meeting_id.in_(meeting_ids))
        .order_by(items.c.position)
    )


def _row(meeting: Meeting) -> MeetingRow:
    return MeetingRow(
        meeting_id=meeting.meeting_id, meets_at=meeting.meets_at, capacity=meeting.capacity, state=meeting.state
    )


def _value(row: MeetingRow) -> Meeting:
    return Meeting(MeetingId(row.meeting_id), row.meets_at, row.capacity, MeetingState(row.state))
