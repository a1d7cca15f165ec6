"""The facts the committee service announces: cases, sittings, decisions, strategy meetings, directives."""

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
    """A fact about the case of one task."""

    TOPIC: ClassVar[str] = TOPIC
    KEY: ClassVar[str] = "task_id"

    task_id: TaskId
    case_id: CaseId


class CaseOpened(CaseEvent):
    """The Committee has a case, by a threshold or by a referral. Idempotent per task."""

    TYPE: ClassVar[str] = "committee.case-opened.v1"

    title: Title
    cause: Literal["threshold", "referral"]
    """What brought the task here."""
    rule: RuleUsed


class CaseDocketed(CaseEvent):
    """The case is on the docket of a sitting."""

    TYPE: ClassVar[str] = "committee.case-docketed.v1"

    sitting_id: SittingId
    sits_at: AwareDatetime
    """When the sitting begins."""
    rule: RuleUsed | None = None


class DeliberationStarted(CaseEvent):
    """A sitting with quorum took the case up."""

    TYPE: ClassVar[str] = "committee.deliberation-started.v1"

    sitting_id: SittingId
    present: PositiveInt
    """How many members were present."""
    rule: RuleUsed


class CaseDeferred(CaseEvent):
    """The case waits for a later sitting, with the reason."""

    TYPE: ClassVar[str] = "committee.case-deferred.v1"

    sitting_id: SittingId
    acted_by: ActedBy
    reasons: tuple[ReasonCode, ...]
    note: Note = ""
    rule: RuleUsed | None = None
    """The rule that deferred it by itself; None when the chair did."""


class CaseDeliberated(CaseEvent):
    """The Committee decided. The case must now come before the strategy meeting."""

    TYPE: ClassVar[str] = "committee.case-deliberated.v1"

    sitting_id: SittingId
    decision: Decision
    reasons: tuple[ReasonCode, ...]
    note: Note = ""
    in_favour: NonNegativeInt
    """Members for the task."""
    against: NonNegativeInt
    """Members against it."""
    abstained: NonNegativeInt
    """Members who abstained."""
    recused: NonNegativeInt
    """Members who took no part, each with a reason."""
    acted_by: ActedBy
    rule: RuleUsed


class CasePlacedOnAgenda(CaseEvent):
    """The deliberated case is on the agenda of a strategy meeting."""

    TYPE: ClassVar[str] = "committee.case-placed-on-agenda.v1"

    meeting_id: MeetingId
    meets_at: AwareDatetime
    """When the meeting takes place."""
    rule: RuleUsed | None = None


class CaseOverdue(CaseEvent):
    """What the case waits for did not come in time. It goes on waiting, but not silently."""

    TYPE: ClassVar[str] = "committee.case-overdue.v1"

    waits_for: Literal["sitting", "strategy-meeting", "outcome"]
    """What the case should have had by now."""
    due_at: AwareDatetime
    """When it was due."""
    rule: RuleUsed


class OutcomeRecorded(CaseEvent):
    """The strategy meeting chaired by the President dealt with the case."""

    TYPE: ClassVar[str] = "committee.outcome-recorded.v1"

    meeting_id: MeetingId
    outcome: Outcome
    reason: ReasonCode
    note: Note = ""
    acted_by: ActedBy


class DirectiveIssued(CaseEvent):
    """An adopted task was given to a responsible body with a due date."""

    TYPE: ClassVar[str] = "committee.directive-issued.v1"

    directive_id: DirectiveId
    title: Title
    responsible_body: BodyName
    instruction: Note
    due_on: date
    """By when the responsible body delivers."""
    outcome: Outcome


class SittingCalled(Event):
    """The Committee will sit."""

    TYPE: ClassVar[str] = "committee.sitting-called.v1"
    TOPIC: ClassVar[str] = TOPIC
    KEY: ClassVar[str] = "sitting_id"

    sitting_id: SittingId
    sits_at: AwareDatetime
    """When the sitting begins."""
    capacity: PositiveInt
    """How many cases it has room for."""


class MeetingCalled(Event):
    """The strategy meeting will take place."""

    TYPE: ClassVar[str] = "committee.strategy-meeting-called.v1"
    TOPIC: ClassVar[str] = TOPIC
    KEY: ClassVar[str] = "meeting_id"

    meeting_id: MeetingId
    meets_at: AwareDatetime
    """When the meeting takes place."""
    capacity: PositiveInt
    """How many cases it has room for."""
