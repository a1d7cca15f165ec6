"""The strategy meeting chaired by the President: its agenda, outcomes and directives."""

from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from typing import Final
from uuid import uuid5

from committee.domain.case import CaseState
from committee.domain.parameters import Parameters
from townhall.contracts.values import CaseId, DirectiveId, MeetingId, Outcome, TaskId
from townhall.rejected import NotFound, Rejected


class NoSuchMeeting(NotFound):
    """No strategy meeting has this id."""

    code = "no-such-meeting"
    title = "There is no strategy meeting under this id."


class NoSuchDirective(NotFound):
    """No directive has this id."""

    code = "no-such-directive"
    title = "There is no directive under this id."


class MeetingInPast(Rejected):
    """C13: the time of the new meeting has passed."""

    code = "meeting-in-past"
    rule = "C13"
    status = 422
    title = "A strategy meeting must be called for a future time."


class MeetingNotDue(Rejected):
    """C14: it is too early to record an outcome."""

    code = "meeting-not-due"
    rule = "C14"
    title = "It is too early: the strategy meeting takes place later."


class NotOnAgenda(Rejected):
    """C14: the case isn't on the meeting's agenda, or has its outcome already."""

    code = "not-on-agenda"
    rule = "C14"
    title = "The case is not on the open agenda of this meeting."


class DirectiveMissing(Rejected):
    """C15: an adopted task needs a directive."""

    code = "directive-missing"
    rule = "C15"
    status = 422
    title = "An adopted task needs a directive: responsible body, instruction and due date."


class DirectiveNotDue(Rejected):
    """C15: a task that isn't adopted gets no directive."""

    code = "directive-not-due"
    rule = "C15"
    status = 422
    title = "Only an adopted task gets a directive."


class DirectiveInPast(Rejected):
    """C15: the directive's due date has passed."""

    code = "directive-in-past"
    rule = "C15"
    status = 422
    title = "The due date of a directive must not have passed."


class MeetingState(StrEnum):
    """The state of a strategy meeting."""

    CALLED = "called"
    HELD = "held"
    """An outcome was recorded; nothing more is placed on its agenda (C12)."""


@dataclass(frozen=True, slots=True)
class Meeting:
    """A strategy meeting."""

    meeting_id: MeetingId
    meets_at: datetime
    capacity: int
    state: MeetingState = MeetingState.CALLED


@dataclass(frozen=True, slots=True)
class Mandate:
    """The content of a directive: who must do what, and by when."""

    responsible_body: str
    instruction: str
    due_on: date


@dataclass(frozen=True, slots=True)
class OutcomeDetails:
    """An outcome as the secretary submits it."""

    outcome: Outcome
    reason: str
    note: str
    mandate: Mandate | None
    """The content of the directive; for an adopted task only (C15)."""


@dataclass(frozen=True, slots=True)
class AgendaItem:
    """One item of an agenda; `outcome` is None until it is recorded."""

    position: int
    case_id: CaseId
    task_id: TaskId
    title: str
    outcome: Outcome | None


@dataclass(frozen=True, slots=True)
class Directive:
    """The instruction to a responsible body to carry out an adopted task."""

    directive_id: DirectiveId
    case_id: CaseId
    task_id: TaskId
    title: str
    mandate: Mandate
    outcome: Outcome
    issued_at: datetime


ADOPTING: Final = frozenset({Outcome.ADOPTED, Outcome.ADOPTED_WITH_CHANGE})
"""The outcomes that need a directive (C15)."""
_STATE_BY_OUTCOME: Final = {
    Outcome.ADOPTED: CaseState.ADOPTED,
    Outcome.ADOPTED_WITH_CHANGE: CaseState.ADOPTED_WITH_CHANGE,
    Outcome.RETURNED: CaseState.RETURNED,
    Outcome.DEFERRED: CaseState.DELIBERATED,
}


def call(meeting: Meeting, *, at: datetime) -> Meeting:
    """Return the new meeting. Raises `MeetingInPast` (C13)."""
    if meeting.meets_at <= at:
        raise MeetingInPast  # C13
    return meeting


def hold(meeting: Meeting, rule: Parameters, *, at: datetime) -> Meeting:
    """Return the meeting as held, so that outcomes can be recorded. Raises `MeetingNotDue` (C14)."""
    if at < meeting.meets_at - rule.early:
        raise MeetingNotDue  # C14
    return replace(meeting, state=MeetingState.HELD)


def case_state_after(outcome: Outcome, mandate: Mandate | None, *, on: date) -> CaseState:
    """Return the state of a case after its outcome, recorded on that day (C14, C15).

    Raises `DirectiveMissing`, `DirectiveNotDue` or `DirectiveInPast` (C15).
    """
    if outcome in ADOPTING and mandate is None:
        raise DirectiveMissing  # C15
    if mandate is not None:
        if outcome not in ADOPTING:
            raise DirectiveNotDue  # C15
        if mandate.due_on < on:
            raise DirectiveInPast  # C15
    return _STATE_BY_OUTCOME[outcome]


def directive_id_of(case_id: CaseId) -> DirectiveId:
    """Return the id of a case's one directive; it follows from the case."""
    return DirectiveId(uuid5(case_id, "directive"))
