"""Initiatives: what is recorded of one, its states, and the moves between them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Final
from uuid import uuid5

from townhall.contracts.values import ActedBy, DirectiveId, InitiativeId, MilestoneId, TaskId
from townhall.rejected import NotFound, Rejected


class State(StrEnum):
    """The state of an initiative."""

    PLANNED = "planned"
    STARTED = "started"
    DELAYED = "delayed"
    DONE = "done"
    DROPPED = "dropped"
    VERIFIED = "verified"
    EVALUATED = "evaluated"


class Move(StrEnum):
    """What can happen to an open initiative."""

    START = "start"
    DELAY = "delay"
    COMPLETE = "complete"
    DROP = "drop"
    VERIFY = "verify"
    EVALUATE = "evaluate"


MOVES: Final[Mapping[State, Mapping[Move, State]]] = {
    # An initiative can be delayed before work has begun; it then stays planned.
    State.PLANNED: {Move.START: State.STARTED, Move.DELAY: State.PLANNED, Move.DROP: State.DROPPED},
    State.STARTED: {Move.DELAY: State.DELAYED, Move.COMPLETE: State.DONE, Move.DROP: State.DROPPED},
    State.DELAYED: {Move.DELAY: State.DELAYED, Move.COMPLETE: State.DONE, Move.DROP: State.DROPPED},
    State.DONE: {Move.VERIFY: State.VERIFIED},
    State.DROPPED: {Move.VERIFY: State.VERIFIED},
    State.VERIFIED: {Move.EVALUATE: State.EVALUATED},
    State.EVALUATED: {},
}
"""The allowed moves (E2): the state before, the move, the state after."""

UNDER_WAY: Final = frozenset({State.PLANNED, State.STARTED, State.DELAYED})
"""The states before the responsible body's report: completion is still owed."""


class NoSuchInitiative(NotFound):
    """There is no initiative with that id."""

    code = "no-such-initiative"
    title = "There is no initiative under this id."


class MoveNotAllowed(Rejected):
    """The state of the initiative doesn't allow this move."""

    code = "initiative-not-in-that-state"
    rule = "E2"
    title = "The state of the initiative does not allow this step."


@dataclass(frozen=True, slots=True)
class Milestone:
    """A step that the responsible body planned, and its report that the step was reached."""

    id: MilestoneId
    title: str
    due_on: date
    planned_at: datetime
    reached_at: datetime | None = None
    note: str = ""
    overdue: bool = False
    """Whether it was announced as overdue. It may have been reached since."""


@dataclass(frozen=True, slots=True)
class Delay:
    """One change of the due date. Delays are only ever added."""

    reason: str
    note: str
    was_due_on: date
    due_on: date
    acted_by: ActedBy
    at: datetime


@dataclass(frozen=True, slots=True)
class Report:
    """The responsible body's final report: done, or dropped with a reason."""

    outcome: State
    reason: str | None
    note: str
    acted_by: ActedBy
    at: datetime


@dataclass(frozen=True, slots=True)
class Verification:
    """The Support Unit's confirmation that the report is true."""

    note: str
    acted_by: ActedBy
    at: datetime


@dataclass(frozen=True, slots=True)
class Initiative:
    """The delivery of one adopted task."""

    id: InitiativeId
    task_id: TaskId
    directive_id: DirectiveId
    title: str
    responsible_body: str
    due_on: date
    opened_at: datetime
    state: State = State.PLANNED
    started_at: datetime | None = None
    overdue_for: date | None = None
    """The due date that was last announced as passed."""
    report: Report | None = None
    verification: Verification | None = None
    milestones: tuple[Milestone, ...] = field(default=())
    delays: tuple[Delay, ...] = field(default=())


def after(state: State, move: Move) -> State:
    """Return the state after a move. Raises `MoveNotAllowed` (E2)."""
    reached = MOVES[state].get(move)
    if reached is None:
        raise MoveNotAllowed
    return reached


def initiative_id(directive_id: DirectiveId) -> InitiativeId:
    """Return the id of a directive's initiative: always the same one for a directive (E1)."""
    return InitiativeId(uuid5(directive_id, "initiative"))
