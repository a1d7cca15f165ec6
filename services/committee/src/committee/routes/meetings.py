"""Calling strategy meetings, recording their outcomes, reading their agendas and directives."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter

from committee import metrics
from committee.domain.meeting import (
    Directive,
    DirectiveInPast,
    DirectiveMissing,
    DirectiveNotDue,
    Meeting,
    MeetingInPast,
    MeetingNotDue,
    NoSuchDirective,
    NoSuchMeeting,
    NotOnAgenda,
)
from committee.domain.reasons import UnknownReason
from committee.handlers import meetings as acts
from committee.schemas.cases import CaseResponse
from committee.schemas.meetings import DirectiveResponse, MeetingRequest, MeetingResponse, OutcomeRequest
from committee.store import meetings
from townhall.chassis.auth import Caller, Role, allow
from townhall.chassis.db import Transaction
from townhall.chassis.http import Cursor, Db, Idempotent, Page, PageOf, problem_responses
from townhall.contracts.values import CaseId, DirectiveId, MeetingId

router = APIRouter(tags=["strategy meetings"])
Secretary = Annotated[Caller, allow(Role.SECRETARY)]


@router.post("/strategy-meetings", status_code=201, responses=problem_responses(MeetingInPast))
async def post_meeting(payload: MeetingRequest, _who: Secretary, idempotent: Idempotent) -> MeetingResponse:
    """Call a strategy meeting. Deliberated cases that wait go on its agenda at once, oldest first."""

    async def call(tx: Transaction) -> MeetingResponse:
        meeting = await acts.call_meeting(tx, payload.meets_at, payload.capacity)
        agendas = await meetings.agendas(tx.session, [meeting.meeting_id])
        return MeetingResponse.of(meeting, agendas[meeting.meeting_id])

    return await idempotent(call)


@router.get("/strategy-meetings")
async def get_meetings(db: Db, page: Page) -> PageOf[MeetingResponse]:
    """List strategy meetings, latest first."""
    async with db.reading() as session:
        found = await meetings.page(session, page.after, page.limit + 1)
        agendas = await meetings.agendas(session, [each.meeting_id for each in found])
    return page.of(found, _cursor, lambda each: MeetingResponse.of(each, agendas[each.meeting_id]))


@router.get("/strategy-meetings/{meeting_id}")
async def get_meeting(meeting_id: UUID, db: Db) -> MeetingResponse:
    """Show a strategy meeting with its agenda, moved items included."""
    async with db.reading() as session:
        found = await meetings.found(session, MeetingId(meeting_id))
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
    meeting_id: UUID, payload: OutcomeRequest, _who: Secretary, idempotent: Idempotent
) -> CaseResponse:
    """Record what the meeting made of an item. An adopted task is followed by its directive; a deferred one moves."""

    async def record(tx: Transaction) -> CaseResponse:
        ended = await acts.record_outcome(tx, MeetingId(meeting_id), CaseId(payload.case_id), payload.result())
        return CaseResponse.of(ended)

    recorded = await idempotent(record)
    metrics.OUTCOMES.labels(payload.outcome).inc()
    return recorded


@router.get("/directives", tags=["directives"])
async def get_directives(db: Db, page: Page) -> PageOf[DirectiveResponse]:
    """List directives, newest first."""
    async with db.reading() as session:
        found = await meetings.directives(session, page.after, page.limit + 1)
    return page.of(found, _directive_cursor, DirectiveResponse.of)


@router.get("/directives/{directive_id}", tags=["directives"])
async def get_directive(directive_id: UUID, db: Db) -> DirectiveResponse:
    """Show a directive."""
    async with db.reading() as session:
        found = await meetings.directive(session, DirectiveId(directive_id))
    if found is None:
        raise NoSuchDirective
    return DirectiveResponse.of(found)


def _cursor(meeting: Meeting) -> Cursor:
    return Cursor(meeting.meets_at, meeting.meeting_id)


def _directive_cursor(directive: Directive) -> Cursor:
    return Cursor(directive.issued_at, directive.directive_id)
