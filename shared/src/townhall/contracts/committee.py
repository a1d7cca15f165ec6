"""The events of the committee service: cases, sittings, decisions, strategy meetings, directives."""

from datetime import date
from typing import ClassVar, Literal

from pydantic import AwareDatetime, NonNegativeInt, PositiveInt

from townhall.contracts.event import Event
from townhall.contracts.values import (
    ActedBy,
    BodyName,
    CaseId,
    Decision,
    DirectiveId,
    MeetingId,
    Note,
    Outcome,
    ReasonCode,
    RuleUsed,
    SittingId,
    TaskId,
    Title,
)

TOPIC = "townhall.committee.v1"


class CaseEvent(Event):
    """An event about the case of one task."""

    TOPIC: ClassVar[str] = TOPIC
    KEY: ClassVar[str] = "task_id"

    task_id: TaskId
    case_id: CaseId


class CaseOpened(CaseEvent):
    """A case was opened after a passed threshold or a referral. Announced once per task."""

    TYPE: ClassVar[str] = "committee.case-opened.v1"

    title: Title
    cause: Literal["threshold", "referral"]
    """Why the task came before the Committee."""
    rule: RuleUsed


class CaseDocketed(CaseEvent):
    """A case was put on the docket of a sitting."""

    TYPE: ClassVar[str] = "committee.case-docketed.v1"

    sitting_id: SittingId
    sits_at: AwareDatetime
    """When the sitting starts."""
    rule: RuleUsed | None = None


class DeliberationStarted(CaseEvent):
    """A sitting was opened with a quorum, and the deliberation of the case started."""

    TYPE: ClassVar[str] = "committee.deliberation-started.v1"

    sitting_id: SittingId
    present: PositiveInt
    """The number of members present."""
    rule: RuleUsed


class CaseDeferred(CaseEvent):
    """A sitting did not decide the case; it waits for a later sitting."""

    TYPE: ClassVar[str] = "committee.case-deferred.v1"

    sitting_id: SittingId
    acted_by: ActedBy
    reasons: tuple[ReasonCode, ...]
    note: Note = ""
    rule: RuleUsed | None = None
    """The rule of an automatic deferral; None when the chair deferred the case."""


class CaseDeliberated(CaseEvent):
    """The Committee decided a case. It must now come before the strategy meeting."""

    TYPE: ClassVar[str] = "committee.case-deliberated.v1"

    sitting_id: SittingId
    decision: Decision
    reasons: tuple[ReasonCode, ...]
    note: Note = ""
    in_favour: NonNegativeInt
    """Number of members for the task."""
    against: NonNegativeInt
    """Number of members against it."""
    abstained: NonNegativeInt
    """Number of members who abstained."""
    recused: NonNegativeInt
    """Number of members who were recused from the case."""
    acted_by: ActedBy
    rule: RuleUsed


class CasePlacedOnAgenda(CaseEvent):
    """A deliberated case was placed on the agenda of a strategy meeting."""

    TYPE: ClassVar[str] = "committee.case-placed-on-agenda.v1"

    meeting_id: MeetingId
    meets_at: AwareDatetime
    """When the meeting starts."""
    rule: RuleUsed | None = None


class CaseOverdue(CaseEvent):
    """A case waits longer than the rule allows, and goes on waiting. Announced once per wait."""

    TYPE: ClassVar[str] = "committee.case-overdue.v1"

    waits_for: Literal["sitting", "strategy-meeting", "outcome"]
    """What the case waits for."""
    due_at: AwareDatetime
    """When the wait should have ended."""
    rule: RuleUsed


class OutcomeRecorded(CaseEvent):
    """The outcome of the strategy meeting chaired by the President for a case."""

    TYPE: ClassVar[str] = "committee.outcome-recorded.v1"

    meeting_id: MeetingId
    outcome: Outcome
    reason: ReasonCode
    note: Note = ""
    acted_by: ActedBy


class DirectiveIssued(CaseEvent):
    """A responsible body was instructed to carry out an adopted task."""

    TYPE: ClassVar[str] = "committee.directive-issued.v1"

    directive_id: DirectiveId
    title: Title
    responsible_body: BodyName
    instruction: Note
    due_on: date
    """The day by which the responsible body must deliver."""
    outcome: Outcome


class SittingCalled(Event):
    """A sitting of the Committee was called."""

    TYPE: ClassVar[str] = "committee.sitting-called.v1"
    TOPIC: ClassVar[str] = TOPIC
    KEY: ClassVar[str] = "sitting_id"

    sitting_id: SittingId
    sits_at: AwareDatetime
    """When the sitting starts."""
    capacity: PositiveInt
    """The most cases it can take."""


class MeetingCalled(Event):
    """A strategy meeting was called."""

    TYPE: ClassVar[str] = "committee.strategy-meeting-called.v1"
    TOPIC: ClassVar[str] = TOPIC
    KEY: ClassVar[str] = "meeting_id"

    meeting_id: MeetingId
    meets_at: AwareDatetime
    """When the meeting starts."""
    capacity: PositiveInt
    """The most cases it can take."""
