"""The public record of a case: causes, deferrals, the decision, the outcomes."""

from dataclasses import dataclass
from datetime import datetime

from committee.domain.case import Case, Cause
from committee.domain.deliberation import PositionCount
from townhall.contracts.values import ActedBy, Decision, DirectiveId, MeetingId, Outcome, SittingId, TaskId


@dataclass(frozen=True, slots=True)
class CauseRecord:
    """Why the task came before the Committee. The first cause opened the case; later ones are recorded too (C1)."""

    cause: Cause
    at: datetime
    rule_version: int = 0
    """The version of the voting rule whose threshold was passed; 0 for a referral."""
    article: str = ""
    reason: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class IncomingTask:
    """A task that comes before the Committee, with its cause."""

    task_id: TaskId
    title: str
    cause: CauseRecord


@dataclass(frozen=True, slots=True)
class Deferral:
    """The deferral of a case by a sitting."""

    sitting_id: SittingId
    reasons: tuple[str, ...]
    note: str
    acted_by: ActedBy
    at: datetime


@dataclass(frozen=True, slots=True)
class DecisionRecord:
    """The Committee's decision with the count of positions."""

    sitting_id: SittingId
    decision: Decision
    reasons: tuple[str, ...]
    note: str
    count: PositionCount
    rule_version: int
    """The rule version the sitting was opened under (C6)."""
    article: str
    at: datetime


@dataclass(frozen=True, slots=True)
class OutcomeRecord:
    """The outcome of one strategy meeting for the case."""

    meeting_id: MeetingId
    outcome: Outcome
    reason: str
    note: str
    at: datetime


@dataclass(frozen=True, slots=True)
class CaseRecord:
    """A case with its public record."""

    case: Case
    causes: tuple[CauseRecord, ...] = ()
    deferrals: tuple[Deferral, ...] = ()
    decision: DecisionRecord | None = None
    outcomes: tuple[OutcomeRecord, ...] = ()
    """Oldest first: any number of deferrals, then at most one final outcome (C14)."""
    directive_id: DirectiveId | None = None
