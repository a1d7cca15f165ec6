"""What stays on record of a case, all of it public: causes, deferrals, the decision, the outcomes."""

from dataclasses import dataclass
from datetime import datetime

from committee.domain.case import Case, Cause
from committee.domain.deliberation import Count
from townhall.contracts.values import ActedBy, Decision, DirectiveId, MeetingId, Outcome, SittingId, TaskId


@dataclass(frozen=True, slots=True)
class CauseFact:
    """One thing that brought the task here. The first opened the case; later ones are kept beside it (C1)."""

    cause: Cause
    at: datetime
    rule_version: int = 0
    """The voting rule's version, where a vote passed; 0 for a referral."""
    article: str = ""
    reason: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Brought:
    """A task that comes before the Committee, and why."""

    task_id: TaskId
    title: str
    fact: CauseFact


@dataclass(frozen=True, slots=True)
class Deferral:
    """Why a sitting did not decide the case."""

    sitting_id: SittingId
    reasons: tuple[str, ...]
    note: str
    acted_by: ActedBy
    at: datetime


@dataclass(frozen=True, slots=True)
class Decided:
    """The Committee's decision and the numbers it rests on."""

    sitting_id: SittingId
    decision: Decision
    reasons: tuple[str, ...]
    note: str
    count: Count
    rule_version: int
    article: str
    at: datetime


@dataclass(frozen=True, slots=True)
class OutcomeNoted:
    """What one strategy meeting made of the case."""

    meeting_id: MeetingId
    outcome: Outcome
    reason: str
    note: str
    at: datetime


@dataclass(frozen=True, slots=True)
class CaseFile:
    """A case with its whole record."""

    case: Case
    causes: tuple[CauseFact, ...] = ()
    deferrals: tuple[Deferral, ...] = ()
    decided: Decided | None = None
    outcomes: tuple[OutcomeNoted, ...] = ()
    """In the order of time: deferrals first, then at most one that ends the case."""
    directive_id: DirectiveId | None = None
