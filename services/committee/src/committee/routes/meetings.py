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
from committee.papers.cases import CaseView
from committee.papers.meetings import DirectiveView, MeetingPaper, MeetingView, OutcomePaper
from committee.store import meetings
from townhall.chassis.auth import Caller, Role, allow
from townhall.chassis.db import Transaction
from townhall.chassis.http import Db, Once, Page, PageOf, Place, refusing
from townhall.contracts.values import CaseId, DirectiveId, MeetingId

asks = APIRouter(tags=["strategy meetings"])
Secretary = Annotated[Caller, allow(Role.SECRETARY)]


@asks.post("/strategy-meetings", status_code=201, responses=refusing(MeetingInPast))
async def post_meeting(paper: MeetingPaper, _who: Secretary, once: Once) -> MeetingView:
    """Call a strategy meeting. Deliberated cases that wait go on its agenda at once, oldest first."""

    async def call(tx: Transaction) -> MeetingView:
        meeting = await acts.call_meeting(tx, paper.meets_at, paper.capacity)
        agendas = await meetings.agendas(tx.session, [meeting.meeting_id])
        return MeetingView.of(meeting, agendas[meeting.meeting_id])

    return await once(call)


@asks.get("/strategy-meetings")
async def get_meetings(db: Db, page: Page) -> PageOf[MeetingView]:
    """List strategy meetings, latest first."""
    async with db.reading() as session:
        found = await meetings.page(session, page.after, page.limit + 1)
        agendas = await meetings.agendas(session, [each.meeting_id for each in found])
    return page.of(found, _place, lambda each: MeetingView.of(each, agendas[each.meeting_id]))


@asks.get("/strategy-meetings/{meeting_id}")
async def get_meeting(meeting_id: UUID, db: Db) -> MeetingView:
    """Show a strategy meeting with its agenda, moved items included."""
    async with db.reading() as session:
        found = await meetings.found(session, MeetingId(meeting_id))
        agendas = await meetings.agendas(session, [meeting_id])
    if found is None:
        raise NoSuchMeeting
    return MeetingView.of(found, agendas[meeting_id])


@asks.post(
    "/strategy-meetings/{meeting_id}/outcomes",
    responses=refusing(
        NoSuchMeeting,
        UnknownReason,
        MeetingNotDue,
        NotOnAgenda,
        DirectiveMissing,
        DirectiveNotDue,
        DirectiveInPast,
    ),
)
async def post_outcome(meeting_id: UUID, paper: OutcomePaper, _who: Secretary, once: Once) -> CaseView:
    """Record what the meeting made of an item. An adopted task is followed by its directive; a deferred one moves."""

    async def record(tx: Transaction) -> CaseView:
        ended = await acts.record_outcome(tx, MeetingId(meeting_id), CaseId(paper.case_id), paper.result())
        return CaseView.of(ended)

    recorded = await once(record)
    metrics.OUTCOMES.labels(paper.outcome).inc()
    return recorded


@asks.get("/directives", tags=["directives"])
async def get_directives(db: Db, page: Page) -> PageOf[DirectiveView]:
    """List directives, newest first."""
    async with db.reading() as session:
        found = await meetings.directives(session, page.after, page.limit + 1)
    return page.of(found, _directive_place, DirectiveView.of)


@asks.get("/directives/{directive_id}", tags=["directives"])
async def get_directive(directive_id: UUID, db: Db) -> DirectiveView:
    """Show a directive."""
    async with db.reading() as session:
        found = await meetings.directive(session, DirectiveId(directive_id))
    if found is None:
        raise NoSuchDirective
    return DirectiveView.of(found)


def _place(meeting: Meeting) -> Place:
    return Place(meeting.meets_at, meeting.meeting_id)


def _directive_place(directive: Directive) -> Place:
    return Place(directive.issued_at, directive.directive_id)
