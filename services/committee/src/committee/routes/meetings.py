"""Calling strategy meetings, reading their agendas, and recording their outcomes."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter

from committee.domain.meeting import (
    DirectiveInPast,
    DirectiveMissing,
    DirectiveNotDue,
    Meeting,
    MeetingInPast,
    MeetingNotDue,
    NoSuchMeeting,
    NotOnAgenda,
)
from committee.domain.reasons import UnknownReason
from committee.handlers.meetings import call_meeting, record_outcome
from committee.schemas.cases import CaseResponse
from committee.schemas.meetings import MeetingRequest, MeetingResponse, OutcomeRequest
from committee.store import meetings
from townhall.chassis.auth import Caller, Role, allow
from townhall.chassis.db import Transaction
from townhall.chassis.http import Cursor, Db, Idempotent, Page, PageOf, problem_responses
from townhall.contracts.values import CaseId, MeetingId

router = APIRouter(tags=["strategy meetings"])
Secretary = Annotated[Caller, allow(Role.SECRETARY)]


@router.post("/strategy-meetings", status_code=201, responses=problem_responses(MeetingInPast))
async def post_meeting(payload: MeetingRequest, _caller: Secretary, idempotent: Idempotent) -> MeetingResponse:
    """Call a strategy meeting. Deliberated cases go on its agenda at once, the oldest first."""

    async def call(tx: Transaction) -> MeetingResponse:
        meeting = await call_meeting(tx, payload.meets_at, payload.capacity)
        agendas = await meetings.agendas(tx.session, [meeting.meeting_id])
        return MeetingResponse.of(meeting, agendas[meeting.meeting_id])

    return await idempotent(call)


@router.get("/strategy-meetings")
async def get_meetings(db: Db, page: Page) -> PageOf[MeetingResponse]:
    """List strategy meetings, latest first."""
    async with db.reading() as session:
        found = await meetings.page(session, page.after, page.limit)
        agendas = await meetings.agendas(session, [each.meeting_id for each in found])
    return page.of(found, _cursor, lambda each: MeetingResponse.of(each, agendas[each.meeting_id]))


@router.get("/strategy-meetings/{meeting_id}")
async def get_meeting(meeting_id: UUID, db: Db) -> MeetingResponse:
    """Return a strategy meeting with its agenda, items it deferred included."""
    async with db.reading() as session:
        found = await meetings.get(session, MeetingId(meeting_id))
        agendas = await meetings.agendas(session, [meeting_id])
    if found is None:
        raise NoSuchMeeting
    return MeetingResponse.of(found, agendas[meeting_id])


@router.post(
    "/strategy-meetings/{meeting_id}/outcomes",
    responses=problem_responses(
        NoSuchMeeting,
        UnknownReason,
        MeetingNotDue,
        NotOnAgenda,
        DirectiveMissing,
        DirectiveNotDue,
        DirectiveInPast,
    ),
)
async def post_outcome(
    meeting_id: UUID, payload: OutcomeRequest, _caller: Secretary, idempotent: Idempotent
) -> CaseResponse:
    """Record the outcome of an agenda item. An adopted task gets a directive; a deferred one moves on."""

    async def record(tx: Transaction) -> CaseResponse:
        details = payload.details()
        return CaseResponse.of(await record_outcome(tx, MeetingId(meeting_id), CaseId(payload.case_id), details))

    return await idempotent(record)


def _cursor(meeting: Meeting) -> Cursor:
    return Cursor(meeting.meets_at, meeting.meeting_id)
