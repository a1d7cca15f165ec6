"""What an initiative is, where it can be, and the only moves that take it elsewhere."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Final
from uuid import uuid5

from townhall.contracts.values import ActedBy, DirectiveId, InitiativeId, MilestoneId, TaskId
from townhall.rejected import NotFound, Rejected


class State(StrEnum):
    """The one answer to where an initiative is."""

    PLANNED = "planned"
    STARTED = "started"
    DELAYED = "delayed"
    DONE = "done"
    DROPPED = "dropped"
    VERIFIED = "verified"
    EVALUATED = "evaluated"


class Move(StrEnum):
    """What can happen to an initiative once it is open."""

    START = "start"
    DELAY = "delay"
    COMPLETE = "complete"
    DROP = "drop"
    VERIFY = "verify"
    EVALUATE = "evaluate"


MOVES: Final[Mapping[State, Mapping[Move, State]]] = {
    # Work that has not begun can be late too; a new date alone doesn't begin it.
    State.PLANNED: {Move.START: State.STARTED, Move.DELAY: State.PLANNED, Move.DROP: State.DROPPED},
    State.STARTED: {Move.DELAY: State.DELAYED, Move.COMPLETE: State.DONE, Move.DROP: State.DROPPED},
    State.DELAYED: {Move.DELAY: State.DELAYED, Move.COMPLETE: State.DONE, Move.DROP: State.DROPPED},
    State.DONE: {Move.VERIFY: State.VERIFIED},
    State.DROPPED: {Move.VERIFY: State.VERIFIED},
    State.VERIFIED: {Move.EVALUATE: State.EVALUATED},
    State.EVALUATED: {},
}
"""E2: a move that isn't here is refused."""

UNDER_WAY: Final = frozenset({State.PLANNED, State.STARTED, State.DELAYED})
"""The responsible body still owes completion."""


class NoSuchInitiative(NotFound):
    """No directive opened an initiative under that id."""

    code = "no-such-initiative"
    title = "There is no initiative under this id."


class MoveNotAllowed(Rejected):
    """The initiative's state doesn't allow this step."""

    code = "initiative-not-in-that-state"
    rule = "E2"
    title = "The state of the initiative does not allow this step."


@dataclass(frozen=True, slots=True)
class Milestone:
    """A step the responsible body planned, and its word that it was reached."""

    id: MilestoneId
    title: str
    due_on: date
    planned_at: datetime
    reached_at: datetime | None = None
    note: str = ""
    overdue: bool = False
    """Whether it was announced that its day passed without it."""


@dataclass(frozen=True, slots=True)
class Delay:
    """One move of the due date. None is ever taken back or overwritten."""

    reason: str
    note: str
    was_due_on: date
    due_on: date
    acted_by: ActedBy
    at: datetime


@dataclass(frozen=True, slots=True)
class Report:
    """The responsible body's last word: done, or dropped with a reason."""

    outcome: State
    reason: str | None
    note: str
    acted_by: ActedBy
    at: datetime


@dataclass(frozen=True, slots=True)
class Verification:
    """The Support Unit's word that the report is true."""

    note: str
    acted_by: ActedBy
    at: datetime


@dataclass(frozen=True, slots=True)
class Initiative:
    """What became of one adopted task."""

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
    """The due date that was last announced as overdue."""
    report: Report | None = None
    verification: Verification | None = None
    milestones: tuple[Milestone, ...] = field(default=())
    delays: tuple[Delay, ...] = field(default=())


@dataclass(frozen=True, slots=True)
class Missed:
    """A milestone whose day passed, with what it belongs to."""

    task_id: TaskId
    initiative_id: InitiativeId
    milestone: Milestone


def after(state: State, move: Move) -> State:
    """Give the state a move leads to, or raise E2."""
    reached = MOVES[state].get(move)
    if reached is None:
        raise MoveNotAllowed  # E2
    return reached


def initiative_id(directive_id: DirectiveId) -> InitiativeId:
    """Return the id every replay of the directive gives its initiative again (E1)."""
    return InitiativeId(uuid5(directive_id, "initiative"))
