"""A case, its states, and the moves between them."""

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
    """No case has this id."""

    code = "no-such-case"
    title = "There is no case under this id."


class CaseElsewhere(Rejected):
    """C16: the case is in a state that doesn't allow the step."""

    code = "case-elsewhere"
    rule = "C16"
    title = "The state of the case does not allow this step."


class Cause(StrEnum):
    """Why a task comes before the Committee."""

    THRESHOLD = "threshold"
    REFERRAL = "referral"


class CaseState(StrEnum):
    """The state of a case."""

    OPENED = "opened"
    """Waiting for a sitting with room."""
    DOCKETED = "docketed"
    IN_DELIBERATION = "in-deliberation"
    DEFERRED = "deferred"
    """Waiting for a later sitting with room."""
    DELIBERATED = "deliberated"
    """Waiting for a strategy meeting with room."""
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
"""C16: the states each state may move to. A case that a meeting defers is `deliberated` again."""

AWAITING_SITTING: Final = frozenset({CaseState.OPENED, CaseState.DEFERRED})
UNDECIDED: Final = AWAITING_SITTING | {CaseState.DOCKETED, CaseState.IN_DELIBERATION}

Awaited = Literal["sitting", "strategy-meeting", "outcome"]
AWAITED: Final[Mapping[CaseState, Awaited]] = MappingProxyType(
    {
        CaseState.OPENED: "sitting",
        CaseState.DEFERRED: "sitting",
        CaseState.DELIBERATED: "strategy-meeting",
        CaseState.ON_AGENDA: "outcome",
    }
)
"""C17: what a case in each state waits for. States without an entry have no due date."""


@dataclass(frozen=True, slots=True)
class Due:
    """When the wait of a case must end (C17)."""

    at: datetime
    rule_version: int
    """The rule version that set it."""
    overdue_announced: bool = False


@dataclass(frozen=True, slots=True)
class Case:
    """A task before the Committee and the strategy meeting."""

    case_id: CaseId
    task_id: TaskId
    title: str
    cause: Cause
    opened_at: datetime
    state: CaseState = CaseState.OPENED
    sitting_id: SittingId | None = None
    meeting_id: MeetingId | None = None
    later_than: datetime | None = None
    """Set by a deferral: the case can only be assigned to a sitting or meeting that starts after this time (C11)."""
    due: Due | None = None
    """None while a sitting has the case, and in a final state."""

    def move_to(self, state: CaseState, *, due: Due | None = None) -> "Case":
        """Return the case in another state. Raises `CaseElsewhere` if `MOVES` doesn't allow the move (C16)."""
        if state not in MOVES[self.state]:
            raise CaseElsewhere  # C16
        return replace(self, state=state, due=due)


def case_id_of(task_id: TaskId) -> CaseId:
    """Return the id of a task's one case. It follows from the task, so that a redelivered event finds the same case."""
    return CaseId(uuid5(task_id, "case"))  # C1


def docket(case: Case, sitting_id: SittingId) -> Case:
    """Return the case as docketed for a sitting (C2). It has no due date until the sitting ends."""
    return replace(case.move_to(CaseState.DOCKETED), sitting_id=sitting_id, later_than=None)


def defer(case: Case, *, later_than: datetime, due: Due) -> Case:
    """Return the case as deferred to a sitting that starts after `later_than` (C11)."""
    return replace(case.move_to(CaseState.DEFERRED, due=due), sitting_id=None, later_than=later_than)


def place_on_agenda(case: Case, meeting_id: MeetingId, *, due: Due) -> Case:
    """Return the deliberated case as placed on a meeting's agenda (C12)."""
    return replace(case.move_to(CaseState.ON_AGENDA, due=due), meeting_id=meeting_id, later_than=None)


def apply_outcome(case: Case, state: CaseState, *, later_than: datetime, due: Due) -> Case:
    """Return the case in the state of its outcome (C14).

    In the state `deliberated` (the outcome was a deferral) it waits for a meeting that starts after `later_than`.
    """
    if state is not CaseState.DELIBERATED:
        return case.move_to(state)
    return replace(case.move_to(state, due=due), meeting_id=None, later_than=later_than)
