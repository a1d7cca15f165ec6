"""A case, its states, and the only moves between them."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Final, Literal
from uuid import uuid5

from townhall.contracts.values import CaseId, MeetingId, SittingId, TaskId
from townhall.rejected import NotFound, Rejected


class NoSuchCase(NotFound):
    """Nobody opened that case."""

    code = "no-such-case"
    title = "There is no case under this id."


class CaseElsewhere(Rejected):
    """C16: the case is not where the step would take it from."""

    code = "case-elsewhere"
    rule = "C16"
    title = "The case is at another step, which does not allow this."


class Cause(StrEnum):
    """What brings a task to the Committee."""

    THRESHOLD = "threshold"
    REFERRAL = "referral"


class CaseState(StrEnum):
    """Where a case stands."""

    OPENED = "opened"
    """It waits for a sitting with room."""
    DOCKETED = "docketed"
    IN_DELIBERATION = "in-deliberation"
    DEFERRED = "deferred"
    """It waits for a later sitting with room."""
    DELIBERATED = "deliberated"
    """It waits for a strategy meeting with room."""
    ON_AGENDA = "on-agenda"
    ADOPTED = "adopted"
    ADOPTED_WITH_CHANGE = "adopted-with-change"
    RETURNED = "returned"


_END: Final[frozenset[CaseState]] = frozenset()

MOVES: Final[Mapping[CaseState, frozenset[CaseState]]] = MappingProxyType(
    {
        CaseState.OPENED: frozenset({CaseState.DOCKETED}),
        CaseState.DOCKETED: frozenset({CaseState.IN_DELIBERATION, CaseState.DEFERRED}),
        CaseState.IN_DELIBERATION: frozenset({CaseState.DELIBERATED, CaseState.DEFERRED}),
        CaseState.DEFERRED: frozenset({CaseState.DOCKETED}),
        CaseState.DELIBERATED: frozenset({CaseState.ON_AGENDA}),
        CaseState.ON_AGENDA: frozenset(
            {
                CaseState.ADOPTED,
                CaseState.ADOPTED_WITH_CHANGE,
                CaseState.RETURNED,
                CaseState.DELIBERATED,
            }
        ),
        CaseState.ADOPTED: _END,
        CaseState.ADOPTED_WITH_CHANGE: _END,
        CaseState.RETURNED: _END,
    }
)
"""C16: every move a case may make. From a meeting that defers it, it waits for the next as a deliberated case again."""

WAITS_FOR_SITTING: Final = frozenset({CaseState.OPENED, CaseState.DEFERRED})
BEFORE_DECISION: Final = WAITS_FOR_SITTING | {CaseState.DOCKETED, CaseState.IN_DELIBERATION}

Awaited = Literal["sitting", "strategy-meeting", "outcome"]
AWAITED: Final[Mapping[CaseState, Awaited]] = MappingProxyType(
    {
        CaseState.OPENED: "sitting",
        CaseState.DEFERRED: "sitting",
        CaseState.DELIBERATED: "strategy-meeting",
        CaseState.ON_AGENDA: "outcome",
    }
)
"""C17: what a case waits for where nothing else sets its time."""


@dataclass(frozen=True, slots=True)
class Due:
    """When what a case waits for must have come, by which version of the rules."""

    at: datetime
    rule_version: int
    told: bool = False
    """True once it was announced as overdue."""


@dataclass(frozen=True, slots=True)
class Case:
    """One task before the Committee and the strategy meeting."""

    case_id: CaseId
    task_id: TaskId
    title: str
    cause: Cause
    opened_at: datetime
    state: CaseState = CaseState.OPENED
    sitting_id: SittingId | None = None
    meeting_id: MeetingId | None = None
    later_than: datetime | None = None
    """Deferred: only a sitting or meeting that starts after this one may take it."""
    due: Due | None = None

    def to(self, state: CaseState, *, due: Due | None = None) -> "Case":
        """Move the case, if the table of moves allows it."""
        if state not in MOVES[self.state]:
            raise CaseElsewhere  # C16
        return replace(self, state=state, due=due)


def case_id_of(task_id: TaskId) -> CaseId:
    """Name the one case of a task, so that hearing its cause again finds the same case."""
    return CaseId(uuid5(task_id, "case"))  # C1


def docketed(case: Case, sitting_id: SittingId) -> Case:
    """Put the case on the docket of a sitting. The sitting keeps its time from here."""
    return replace(case.to(CaseState.DOCKETED), sitting_id=sitting_id, later_than=None)


def deferred(case: Case, *, later_than: datetime, due: Due) -> Case:
    """Take the case off its sitting; only a later one may take it."""
    return replace(case.to(CaseState.DEFERRED, due=due), sitting_id=None, later_than=later_than)


def tabled(case: Case, meeting_id: MeetingId, *, due: Due) -> Case:
    """Put the deliberated case on the agenda of a strategy meeting."""
    return replace(case.to(CaseState.ON_AGENDA, due=due), meeting_id=meeting_id, later_than=None)


def ended(case: Case, end: CaseState, *, later_than: datetime, due: Due) -> Case:
    """Give the case the end its outcome means, or send it to a later meeting."""
    if end is not CaseState.DELIBERATED:
        return case.to(end)
    return replace(case.to(end, due=due), meeting_id=None, later_than=later_than)
