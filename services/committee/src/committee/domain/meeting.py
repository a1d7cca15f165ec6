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
    """Nobody called that strategy meeting."""

    code = "no-such-meeting"
    title = "There is no strategy meeting under this id."


class NoSuchDirective(NotFound):
    """No directive has that id."""

    code = "no-such-directive"
    title = "There is no directive under this id."


class MeetingInPast(Rejected):
    """C13: a meeting can only be called for a later time."""

    code = "meeting-in-past"
    rule = "C13"
    status = 422
    title = "A strategy meeting is called for a time to come."


class MeetingNotDue(Rejected):
    """C14: no outcome is recorded before the meeting."""

    code = "meeting-not-due"
    rule = "C14"
    title = "It is too early: the strategy meeting takes place later."


class NotOnAgenda(Rejected):
    """C14: only what is on its agenda gets an outcome, once."""

    code = "not-on-agenda"
    rule = "C14"
    title = "The case is not on the open agenda of this meeting."


class DirectiveMissing(Rejected):
    """C15: an adopted task is given to somebody."""

    code = "directive-missing"
    rule = "C15"
    status = 422
    title = "An adopted task needs a directive: responsible body, instruction and due date."


class DirectiveNotDue(Rejected):
    """C15: nothing follows from what was not adopted."""

    code = "directive-not-due"
    rule = "C15"
    status = 422
    title = "Only an adopted task is followed by a directive."


class DirectiveInPast(Rejected):
    """C15: the due date must still be ahead."""

    code = "directive-in-past"
    rule = "C15"
    status = 422
    title = "The due date of a directive can't have passed."


class MeetingState(StrEnum):
    """Where a strategy meeting stands."""

    CALLED = "called"
    HELD = "held"
    """Its first outcome is recorded, so nothing more is put on its agenda."""


@dataclass(frozen=True, slots=True)
class Meeting:
    """One strategy meeting."""

    meeting_id: MeetingId
    meets_at: datetime
    capacity: int
    state: MeetingState = MeetingState.CALLED


@dataclass(frozen=True, slots=True)
class Mandate:
    """What a directive asks of whom, and by when."""

    responsible_body: str
    instruction: str
    due_on: date


@dataclass(frozen=True, slots=True)
class Result:
    """What the meeting made of an item, and what follows from it."""

    outcome: Outcome
    reason: str
    note: str
    mandate: Mandate | None


@dataclass(frozen=True, slots=True)
class Item:
    """One place of an agenda."""

    position: int
    case_id: CaseId
    task_id: TaskId
    title: str
    outcome: Outcome | None


@dataclass(frozen=True, slots=True)
class Directive:
    """An adopted task in the hands of a responsible body."""

    directive_id: DirectiveId
    case_id: CaseId
    task_id: TaskId
    title: str
    mandate: Mandate
    outcome: Outcome
    issued_at: datetime


ADOPTING: Final = frozenset({Outcome.ADOPTED, Outcome.ADOPTED_WITH_CHANGE})
_ENDS: Final = {
    Outcome.ADOPTED: CaseState.ADOPTED,
    Outcome.ADOPTED_WITH_CHANGE: CaseState.ADOPTED_WITH_CHANGE,
    Outcome.RETURNED: CaseState.RETURNED,
    Outcome.DEFERRED: CaseState.DELIBERATED,
}


def call(meeting: Meeting, *, at: datetime) -> Meeting:
    """Accept a newly called meeting."""
    if meeting.meets_at <= at:
        raise MeetingInPast  # C13
    return meeting


def hold(meeting: Meeting, rule: Parameters, *, at: datetime) -> Meeting:
    """Take the meeting as held, so that its outcomes can be recorded."""
    if at < meeting.meets_at - rule.early:
        raise MeetingNotDue  # C14
    return replace(meeting, state=MeetingState.HELD)


def end_of(outcome: Outcome, mandate: Mandate | None, *, on: date) -> CaseState:
    """Say where the outcome takes the case, or raise what is wrong with the directive it comes with."""
    if outcome in ADOPTING and mandate is None:
        raise DirectiveMissing  # C15
    if mandate is not None:
        if outcome not in ADOPTING:
            raise DirectiveNotDue  # C15
        if mandate.due_on < on:
            raise DirectiveInPast  # C15
    return _ENDS[outcome]


def directive_id_of(case_id: CaseId) -> DirectiveId:
    """Name the one directive of a case."""
    return DirectiveId(uuid5(case_id, "directive"))
