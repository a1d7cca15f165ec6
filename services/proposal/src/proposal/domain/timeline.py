"""The public timeline of a task: facts of all four services, and the task's state as the furthest step they show."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from townhall.contracts.values import Outcome, TaskId


class TaskState(StrEnum):
    """How far a task has come, in rank order: a later one outranks an earlier one."""

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
        """The place in the order, from 0."""
        return _RANKS[self]


_RANKS: Final = {state: rank for rank, state in enumerate(TaskState)}

VOTE_CLOSED: Final = "voting.vote-closed.v1"
OUTCOME_RECORDED: Final = "committee.outcome-recorded.v1"
THRESHOLD_REACHED: Final = "voting.threshold-reached.v1"

STEPS: Final[Mapping[str, TaskState]] = {
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
"""P15: the step a fact shows by its type alone. A type that isn't here is shown, but moves nothing."""

OUTCOMES: Final[Mapping[str, TaskState]] = {
    Outcome.ADOPTED: TaskState.ADOPTED,
    Outcome.ADOPTED_WITH_CHANGE: TaskState.ADOPTED_WITH_CHANGE,
    Outcome.RETURNED: TaskState.RETURNED,
    Outcome.DEFERRED: TaskState.ON_AGENDA,
}


@dataclass(frozen=True, slots=True)
class Fact:
    """One event about a task, as it was received."""

    id: UUID
    task_id: TaskId
    source: str
    version: int
    at: datetime
    type: str
    facts: Mapping[str, object]


def step(fact: Fact) -> TaskState:
    """The step of the process a fact shows."""
    if fact.type == VOTE_CLOSED:
        return TaskState.THRESHOLD_REACHED if fact.facts["threshold_reached"] else TaskState.CLOSED_BELOW
    if fact.type == OUTCOME_RECORDED:
        return OUTCOMES[str(fact.facts["outcome"])]
    return STEPS.get(fact.type, TaskState.SELECTED)


def furthest(states: Iterable[TaskState]) -> TaskState:
    """The state of a task that came through all of these, in whatever order they were received."""
    return max(states, key=lambda state: state.rank, default=TaskState.SELECTED)


def reached(facts: Iterable[Fact]) -> Mapping[TaskId, TaskState]:
    """The furthest step that these facts show of each task they are about."""
    states: dict[TaskId, TaskState] = {}
    for fact in facts:
        shown = step(fact)
        states[fact.task_id] = furthest((states.get(fact.task_id, shown), shown))
    return states


def in_order(facts: Iterable[Fact]) -> list[Fact]:
    """Facts as citizens read them. Clocks of services differ, so within one source the version decides ties."""
    return sorted(facts, key=lambda fact: (fact.at, fact.source, fact.version))
