"""Strategy meetings: called by the secretary, who also records what they made of each item."""

from datetime import datetime
from uuid import uuid4

from committee.domain import meeting as rules_of_meetings
from committee.domain import reasons
from committee.domain.case import Case, CaseState, NoSuchCase, ended
from committee.domain.meeting import Directive, Mandate, Meeting, NoSuchMeeting, NotOnAgenda, Result, directive_id_of
from committee.domain.record import CaseFile, OutcomeNoted
from committee.handlers.rules import due, in_force
from committee.handlers.scheduling import fill_meetings
from committee.store import cases, meetings, records, scheduling_lock
from townhall.chassis.db import Transaction
from townhall.contracts.committee import DirectiveIssued, MeetingCalled, OutcomeRecorded
from townhall.contracts.values import ActedBy, CaseId, MeetingId, Outcome


async def call_meeting(tx: Transaction, meets_at: datetime, capacity: int) -> Meeting:
    """Call a strategy meeting; deliberated cases go on its agenda at once."""
    await scheduling_lock.take(tx.session)
    meeting = rules_of_meetings.call(Meeting(MeetingId(uuid4()), meets_at, capacity), at=tx.now)
    await meetings.add(tx.session, meeting)
    tx.announce(MeetingCalled(meeting_id=meeting.meeting_id, meets_at=meets_at, capacity=capacity))
    await fill_meetings(tx)
    return meeting


async def record_outcome(tx: Transaction, meeting_id: MeetingId, case_id: CaseId, result: Result) -> CaseFile:
    """Record what the meeting made of one item of its agenda, once; a deferral moves the item to a later meeting."""
    await scheduling_lock.take(tx.session)
    reasons.require([result.reason], reasons.OUTCOMES[result.outcome])
    rule = await in_force(tx)
    meeting = await _locked(tx, meeting_id)
    case = await _on_agenda(tx, meeting, case_id)
    held = rules_of_meetings.hold(meeting, rule.parameters, at=tx.now)
    end = rules_of_meetings.end_of(result.outcome, result.mandate, on=tx.now.date())
    waits = due(tx, rule, rule.parameters.tabling)
    await meetings.save(tx.session, held)
    await cases.save(tx.session, ended(case, end, later_than=meeting.meets_at, due=waits))
    noted = OutcomeNoted(meeting_id, result.outcome, result.reason, result.note, tx.now)
    await meetings.note_outcome(tx.session, case_id, noted)
    _announce(tx, case, noted)
    if result.mandate is not None:
        await _issue(tx, case, result.mandate, result.outcome)
    await fill_meetings(tx)
    return await _record(tx, case_id)


def _announce(tx: Transaction, case: Case, noted: OutcomeNoted) -> None:
    tx.announce(
        OutcomeRecorded(
            task_id=case.task_id,
            case_id=case.case_id,
            meeting_id=noted.meeting_id,
            outcome=noted.outcome,
            reason=noted.reason,
            note=noted.note,
            acted_by=ActedBy.SECRETARY,
        )
    )


async def _issue(tx: Transaction, case: Case, mandate: Mandate, outcome: Outcome) -> None:
    """Issue the one directive of a case (C15)."""
    directive_id = directive_id_of(case.case_id)
    directive = Directive(directive_id, case.case_id, case.task_id, case.title, mandate, outcome, tx.now)
    await meetings.add_directive(tx.session, directive)
    tx.announce(
        DirectiveIssued(
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
    case = await cases.locked(tx.session, case_id)
    if case is None or case.state is not CaseState.ON_AGENDA or case.meeting_id != meeting.meeting_id:
        raise NotOnAgenda  # C14
    return case


async def _locked(tx: Transaction, meeting_id: MeetingId) -> Meeting:
    meeting = await meetings.locked(tx.session, meeting_id)
    if meeting is None:
        raise NoSuchMeeting
    return meeting


async def _record(tx: Transaction, case_id: CaseId) -> CaseFile:
    record = await records.found(tx.session, case_id)
    if record is None:
        raise NoSuchCase
    return record
