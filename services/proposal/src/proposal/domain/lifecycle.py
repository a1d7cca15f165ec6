"""The states of a proposal and the moves between them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final, NewType

from townhall.contracts.values import ActedBy, ProposalId, RuleUsed, TaskId
from townhall.rejected import NotFound, Rejected

Person = NewType("Person", str)
"""A pseudonym under this service's own key. Never public, never announced."""


class State(StrEnum):
    """The state of a proposal."""

    SCREENING = "screening"
    ADMITTED = "admitted"
    REJECTED = "rejected"
    REVISION_REQUESTED = "revision-requested"
    TRANSFERRED = "transferred"
    MERGED = "merged"
    WITHDRAWN = "withdrawn"


class Move(StrEnum):
    """What can happen to a proposal after its submission."""

    ADMIT = "admit"
    REJECT = "reject"
    REQUEST_REVISION = "request-revision"
    TRANSFER = "transfer"
    MERGE = "merge"
    RESUBMIT = "resubmit"
    WITHDRAW = "withdraw"


MOVES: Final[Mapping[State, Mapping[Move, State]]] = {
    State.SCREENING: {
        Move.ADMIT: State.ADMITTED,
        Move.REJECT: State.REJECTED,
        Move.REQUEST_REVISION: State.REVISION_REQUESTED,
        Move.TRANSFER: State.TRANSFERRED,
        Move.MERGE: State.MERGED,
        Move.WITHDRAW: State.WITHDRAWN,
    },
    State.REVISION_REQUESTED: {Move.RESUBMIT: State.SCREENING, Move.WITHDRAW: State.WITHDRAWN},
    State.ADMITTED: {Move.WITHDRAW: State.WITHDRAWN},
    State.REJECTED: {},
    State.TRANSFERRED: {},
    State.MERGED: {},
    State.WITHDRAWN: {},
}
"""P3: the allowed moves of each state, with the state they lead to. Any other move is refused."""


class NoSuchProposal(NotFound):
    """No proposal has this id."""

    code = "no-such-proposal"
    title = "There is no proposal under this id."


class MoveNotAllowed(Rejected):
    """P3: the proposal's state doesn't allow this move."""

    code = "proposal-not-in-that-state"
    rule = "P3"
    title = "The state of the proposal does not allow this step."


class NotYourProposal(Rejected):
    """P8: the caller isn't the author."""

    code = "not-your-proposal"
    rule = "P8"
    status = 403
    title = "Only the author of a proposal may do this."


def next_state(state: State, move: Move) -> State:
    """Return the state the move leads to (P3). Raises `MoveNotAllowed`."""
    reached = MOVES[state].get(move)
    if reached is None:
        raise MoveNotAllowed  # P3
    return reached


@dataclass(frozen=True, slots=True)
class Wording:
    """The author's text."""

    title: str
    problem: str
    remedy: str
    topic: str | None = None


@dataclass(frozen=True, slots=True)
class Screening:
    """A published screening decision of the Support Unit."""

    decision: Move
    reason: str
    note: str
    body: str | None
    """The competent body a transferred proposal was sent to; None for every other decision."""
    acted_by: ActedBy
    at: datetime


@dataclass(frozen=True, slots=True)
class Proposal:
    """A proposal, what it was merged into, and the tasks it became part of."""

    id: ProposalId
    author: Person
    wording: Wording
    state: State
    submitted_at: datetime
    screening_due_at: datetime
    rule: RuleUsed
    """The rule version that set `screening_due_at`."""
    screening: Screening | None = None
    """The last decision."""
    earlier_screenings: tuple[Screening, ...] = ()
    """The decisions before the last one, oldest first: a requested revision stays public after the admission."""
    merged_into: ProposalId | None = None
    task_ids: tuple[TaskId, ...] = ()
    supports: int = 0
