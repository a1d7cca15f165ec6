"""Strategy meetings: calling one, and recording its outcomes and directives."""

from datetime import datetime
from uuid import uuid4

from committee import metrics
from committee.domain import meeting as domain
from committee.domain import reasons
from committee.domain.case import Case, CaseState, Due, apply_outcome
from committee.domain.case_record import CaseRecord, OutcomeRecord
from committee.domain.meeting import (
    Directive,
    Mandate,
    Meeting,
    NoSuchMeeting,
    NotOnAgenda,
    OutcomeDetails,
    directive_id_of,
)
from committee.handlers.deliberation import case_record
from committee.handlers.scheduling import fill_meetings
from committee.store import case_records, cases, directives, meetings, scheduling_lock
from committee.store.rules import RULES
from townhall.chassis.db import Transaction
from townhall.contracts import committee as events
from townhall.contracts.values import ActedBy, CaseId, MeetingId, Outcome


async def call_meeting(tx: Transaction, meets_at: datetime, capacity: int) -> Meeting:
    """Store and announce a new meeting, and fill its agenda with deliberated cases (C12, C13).

    Raises `MeetingInPast` (C13).
    """
    await scheduling_lock.acquire(tx.session)
    meeting = domain.call(Meeting(MeetingId(uuid4()), meets_at, capacity), at=tx.now)
    await meetings.add(tx.session, meeting)
    tx.announce(events.MeetingCalled(meeting_id=meeting.meeting_id, meets_at=meets_at, capacity=capacity))
    await fill_meetings(tx)
    return meeting


async def record_outcome(
    tx: Transaction, meeting_id: MeetingId, case_id: CaseId, details: OutcomeDetails
) -> CaseRecord:
    """Record the outcome of an agenda item and issue its directive; a deferral moves it to a later meeting (C14, C15).

    Raises `UnknownReason` (C18), `NoSuchMeeting`, `NotOnAgenda`, `MeetingNotDue` (C14), `DirectiveMissing`,
    `DirectiveNotDue` or `DirectiveInPast` (C15).
    """
    await scheduling_lock.acquire(tx.session)
    reasons.require([details.reason], reasons.OUTCOMES[details.outcome])
    rule = await RULES.in_force(tx.session, tx.now)
    meeting = await _get_for_update(tx, meeting_id)
    case = await _on_agenda(tx, meeting, case_id)
    held = domain.hold(meeting, rule.parameters, at=tx.now)
    state = domain.case_state_after(details.outcome, details.mandate, on=tx.now.date())
    due = Due(tx.now + rule.parameters.agenda_period, rule.version)
    await meetings.save(tx.session, held)
    await cases.save(tx.session, apply_outcome(case, state, later_than=meeting.meets_at, due=due))
    outcome = OutcomeRecord(meeting_id, details.outcome, details.reason, details.note, tx.now)
    await case_records.add_outcome(tx.session, case_id, outcome)
    _announce(tx, case, outcome)
    if details.mandate is not None:
        await _issue_directive(tx, case, details.mandate, details.outcome)
    await fill_meetings(tx)
    tx.on_commit(metrics.OUTCOMES.labels(details.outcome).inc)
    return await case_record(tx, case_id)


def _announce(tx: Transaction, case: Case, outcome: OutcomeRecord) -> None:
    tx.announce(
        events.OutcomeRecorded(
            task_id=case.task_id,
            case_id=case.case_id,
            meeting_id=outcome.meeting_id,
            outcome=outcome.outcome,
            reason=outcome.reason,
            note=outcome.note,
            acted_by=ActedBy.SECRETARY,
        )
    )


async def _issue_directive(tx: Transaction, case: Case, mandate: Mandate, outcome: Outcome) -> None:
    directive_id = directive_id_of(case.case_id)
    directive = Directive(directive_id, case.case_id, case.task_id, case.title, mandate, outcome, tx.now)
    await directives.add(tx.session, directive)
    tx.announce(
        events.DirectiveIssued(
            task_id=case.task_id,
            case_id=case.case_id,
            directive_id=directive_id,
            title=case.title,
            responsible_body=mandate.responsible_body,
            instruction=mandate.instruction,
            due_on=mandate.due_on,
            outcome=outcome,
        )
    )


async def _on_agenda(tx: Transaction, meeting: Meeting, case_id: CaseId) -> Case:
    case = await cases.get_for_update(tx.session, case_id)
    if case is None or case.state is not CaseState.ON_AGENDA or case.meeting_id != meeting.meeting_id:
        raise NotOnAgenda  # C14
    return case


async def _get_for_update(tx: Transaction, meeting_id: MeetingId) -> Meeting:
    meeting = await meetings.get_for_update(tx.session, meeting_id)
    if meeting is None:
        raise NoSuchMeeting
    return meeting
