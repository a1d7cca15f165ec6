"""Strategy meetings, their agendas, and the directives that follow from them."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import Select, and_, literal, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from committee.domain.meeting import Directive, Item, Mandate, Meeting, MeetingState
from committee.domain.record import OutcomeNoted
from committee.store.cases import FRESH
from committee.store.meeting_tables import AgendaRow, DirectiveRow, MeetingRow, OutcomeRow
from committee.store.tables import CaseRow
from townhall.contracts.values import CaseId, DirectiveId, MeetingId, Outcome, TaskId

After = tuple[datetime, UUID] | None
"""The place where the last page ended."""


async def add(session: AsyncSession, meeting: Meeting) -> None:
    """Store a newly called meeting."""
    row = {"meeting_id": meeting.meeting_id, "meets_at": meeting.meets_at, "capacity": meeting.capacity}
    await session.execute(insert(MeetingRow).values(**row, taken=0, state=meeting.state))


async def save(session: AsyncSession, meeting: Meeting) -> None:
    """Store where a meeting came to. Its row is locked."""
    here = col(MeetingRow.meeting_id) == meeting.meeting_id
    await session.execute(update(MeetingRow).where(here).values(state=meeting.state))


async def locked(session: AsyncSession, meeting_id: MeetingId) -> Meeting | None:
    """Lock and read one meeting."""
    asked = select(MeetingRow).where(col(MeetingRow.meeting_id) == meeting_id).with_for_update(key_share=True)
    row = (await session.scalars(asked, execution_options=FRESH)).first()
    return _meeting(row) if row else None


async def found(session: AsyncSession, meeting_id: MeetingId) -> Meeting | None:
    """Read one meeting."""
    row = (await session.scalars(select(MeetingRow).where(col(MeetingRow.meeting_id) == meeting_id))).first()
    return _meeting(row) if row else None


async def page(session: AsyncSession, after: After, limit: int) -> Sequence[Meeting]:
    """Read meetings, latest first."""
    time, key = col(MeetingRow.meets_at), col(MeetingRow.meeting_id)
    asked: Select[MeetingRow] = select(MeetingRow).order_by(time.desc(), key.desc()).limit(limit)
    if after is not None:
        asked = asked.where(tuple_(time, key) < tuple_(literal(after[0]), literal(after[1])))
    return [_meeting(row) for row in await session.scalars(asked)]


async def agendas(session: AsyncSession, meeting_ids: Sequence[UUID]) -> dict[UUID, list[Item]]:
    """Read agendas, place by place: what stands on them now, and what got an outcome there and moved on."""
    items: dict[UUID, list[Item]] = {key: [] for key in meeting_ids}
    for meeting_id, position, case_id, task_id, title, outcome in await session.execute(_places(meeting_ids)):
        noted = Outcome(outcome) if outcome else None
        items[meeting_id].append(Item(position, CaseId(case_id), TaskId(task_id), title, noted))
    return items


def _places(meeting_ids: Sequence[UUID]) -> Select[UUID, int, UUID, UUID, str, str | None]:
    standing = select(col(AgendaRow.meeting_id), col(AgendaRow.position), col(AgendaRow.case_id))
    dealt_with = select(col(OutcomeRow.meeting_id), col(OutcomeRow.position), col(OutcomeRow.case_id))
    places = standing.union(dealt_with).subquery()
    same = and_(col(OutcomeRow.meeting_id) == places.c.meeting_id, col(OutcomeRow.case_id) == places.c.case_id)
    return (
        select(
            places.c.meeting_id,
            places.c.position,
            places.c.case_id,
            col(CaseRow.task_id),
            col(CaseRow.title),
            col(OutcomeRow.outcome),
        )
        .join(CaseRow, col(CaseRow.case_id) == places.c.case_id)
        .outerjoin(OutcomeRow, same)
        .where(places.c.meeting_id.in_(meeting_ids))
        .order_by(places.c.position)
    )


async def note_outcome(session: AsyncSession, case_id: CaseId, noted: OutcomeNoted) -> None:
    """Store what the meeting made of the item (C14: the constraints are the judge)."""
    position = select(col(AgendaRow.position)).where(col(AgendaRow.case_id) == case_id).scalar_subquery()
    row = {"case_id": case_id, "meeting_id": noted.meeting_id, "outcome": noted.outcome}
    said = {"reason": noted.reason, "note": noted.note, "at": noted.at}
    await session.execute(insert(OutcomeRow).values(**row, **said, position=position))


async def add_directive(session: AsyncSession, directive: Directive) -> None:
    """Store a directive. A second one of its case is refused by `c15_one_directive_per_case`."""
    mandate = directive.mandate
    row = {
        "directive_id": directive.directive_id,
        "case_id": directive.case_id,
        "task_id": directive.task_id,
        "title": directive.title,
        "responsible_body": mandate.responsible_body,
        "instruction": mandate.instruction,
        "due_on": mandate.due_on,
        "outcome": directive.outcome,
        "issued_at": directive.issued_at,
    }
    await session.execute(insert(DirectiveRow).values(row))


async def directive(session: AsyncSession, directive_id: DirectiveId) -> Directive | None:
    """Read one directive."""
    row = (await session.scalars(select(DirectiveRow).where(col(DirectiveRow.directive_id) == directive_id))).first()
    return _directive(row) if row else None


async def directives(session: AsyncSession, after: After, limit: int) -> Sequence[Directive]:
    """Read directives, newest first."""
    time, key = col(DirectiveRow.issued_at), col(DirectiveRow.directive_id)
    asked: Select[DirectiveRow] = select(DirectiveRow).order_by(time.desc(), key.desc()).limit(limit)
    if after is not None:
        asked = asked.where(tuple_(time, key) < tuple_(literal(after[0]), literal(after[1])))
    return [_directive(row) for row in await session.scalars(asked)]


def _meeting(row: MeetingRow) -> Meeting:
    return Meeting(MeetingId(row.meeting_id), row.meets_at, row.capacity, MeetingState(row.state))


def _directive(row: DirectiveRow) -> Directive:
    return Directive(
        directive_id=DirectiveId(row.directive_id),
        case_id=CaseId(row.case_id),
        task_id=TaskId(row.task_id),
        title=row.title,
        mandate=Mandate(row.responsible_body, row.instruction, row.due_on),
        outcome=Outcome(row.outcome),
        issued_at=row.issued_at,
    )
