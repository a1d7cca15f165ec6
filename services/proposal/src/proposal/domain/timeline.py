"""The public timeline of a task: the events of all four services, and the furthest state any of them shows."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from townhall.contracts.values import Outcome, TaskId


class TaskState(StrEnum):
    """How far a task has come, in this order. If events arrive out of order, the later state is shown (P15)."""

    SELECTED = "selected"
    VOTING = "voting"
    CLOSED_BELOW = "closed-below"
    THRESHOLD_REACHED = "threshold-reached"
    REFERRED = "referred"
    DOCKETED = "docketed"
    IN_DELIBERATION = "in-deliberation"
    DEFERRED = "deferred"
    DELIBERATED = "deliberated"
    ON_AGENDA = "on-agenda"
    RETURNED = "returned"
    ADOPTED = "adopted"
    ADOPTED_WITH_CHANGE = "adopted-with-change"
    DELIVERING = "delivering"
    DONE = "done"
    DROPPED = "dropped"
    VERIFIED = "verified"
    EVALUATED = "evaluated"

    @property
    def rank(self) -> int:
        """The position in the rank order, from 0."""
        return _RANKS[self]


_RANKS: Final = {state: rank for rank, state in enumerate(TaskState)}

VOTE_CLOSED: Final = "voting.vote-closed.v1"
OUTCOME_RECORDED: Final = "committee.outcome-recorded.v1"
THRESHOLD_REACHED: Final = "voting.threshold-reached.v1"

STATE_BY_TYPE: Final[Mapping[str, TaskState]] = {
    "proposal.task-selected.v1": TaskState.SELECTED,
    "voting.vote-opened.v1": TaskState.VOTING,
    THRESHOLD_REACHED: TaskState.THRESHOLD_REACHED,
    "proposal.task-referred.v1": TaskState.REFERRED,
    "committee.case-docketed.v1": TaskState.DOCKETED,
    "committee.deliberation-started.v1": TaskState.IN_DELIBERATION,
    "committee.case-deferred.v1": TaskState.DEFERRED,
    "committee.case-deliberated.v1": TaskState.DELIBERATED,
    "committee.case-placed-on-agenda.v1": TaskState.ON_AGENDA,
    "evaluation.initiative-opened.v1": TaskState.DELIVERING,
    "evaluation.initiative-started.v1": TaskState.DELIVERING,
    "evaluation.initiative-done.v1": TaskState.DONE,
    "evaluation.initiative-dropped.v1": TaskState.DROPPED,
    "evaluation.initiative-verified.v1": TaskState.VERIFIED,
    "evaluation.initiative-evaluated.v1": TaskState.EVALUATED,
}
"""P15: the state an event type shows. An event of any other type is on the timeline and changes no state."""

STATE_BY_OUTCOME: Final[Mapping[str, TaskState]] = {
    Outcome.ADOPTED: TaskState.ADOPTED,
    Outcome.ADOPTED_WITH_CHANGE: TaskState.ADOPTED_WITH_CHANGE,
    Outcome.RETURNED: TaskState.RETURNED,
    Outcome.DEFERRED: TaskState.ON_AGENDA,
}
"""P15: the state that an outcome of a strategy meeting shows."""


@dataclass(frozen=True, slots=True)
class Fact:
    """One entry of a timeline: an event about a task, as it was received."""

    id: UUID
    """The event's id."""
    task_id: TaskId
    source: str
    """The service that announced it."""
    version: int
    """The event's number within its source and key, from 1."""
    at: datetime
    """When the source announced it, by the source's clock."""
    type: str
    facts: Mapping[str, object]
    """The event's fields, except the task's id."""


def state_shown_by(fact: Fact) -> TaskState:
    """Return the state that one event shows, `SELECTED` for an event that shows none (P15)."""
    if fact.type == VOTE_CLOSED:
        return TaskState.THRESHOLD_REACHED if fact.facts["threshold_reached"] else TaskState.CLOSED_BELOW
    if fact.type == OUTCOME_RECORDED:
        return STATE_BY_OUTCOME[str(fact.facts["outcome"])]
    return STATE_BY_TYPE.get(fact.type, TaskState.SELECTED)


def furthest(states: Iterable[TaskState]) -> TaskState:
    """Return the state of highest rank, `SELECTED` for no states. The order of the states doesn't matter (P15)."""
    return max(states, key=lambda state: state.rank, default=TaskState.SELECTED)


def furthest_by_task(facts: Iterable[Fact]) -> Mapping[TaskId, TaskState]:
    """Return, for each task that the facts are about, the furthest state they show (P15)."""
    states: dict[TaskId, TaskState] = {}
    for fact in facts:
        state = state_shown_by(fact)
        states[fact.task_id] = furthest((states.get(fact.task_id, state), state))
    return states


def in_order(facts: Iterable[Fact]) -> list[Fact]:
    """Return the facts by time, then source, then version (P14).

    Clocks of services differ, so the version, not the time, decides between events of one source at the same time.
    """
    return sorted(facts, key=lambda fact: (fact.at, fact.source, fact.version))
