"""Where a proposal can be, and the only moves that take it elsewhere."""

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
    """The one answer to where a proposal is."""

    SCREENING = "screening"
    ADMITTED = "admitted"
    REJECTED = "rejected"
    REVISION_REQUESTED = "revision-requested"
    TRANSFERRED = "transferred"
    MERGED = "merged"
    WITHDRAWN = "withdrawn"


class Move(StrEnum):
    """What can happen to a proposal once it was submitted."""

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
"""P3: a move that isn't here is refused."""


class NoSuchProposal(NotFound):
    """Nobody submitted a proposal under that id."""

    code = "no-such-proposal"
    title = "There is no proposal under this id."


class MoveNotAllowed(Rejected):
    """The proposal's state doesn't allow this step."""

    code = "proposal-not-in-that-state"
    rule = "P3"
    title = "The state of the proposal does not allow this step."


class NotYourProposal(Rejected):
    """Somebody else wrote it."""

    code = "not-your-proposal"
    rule = "P8"
    status = 403
    title = "Only the author of a proposal may do this."


def after(state: State, move: Move) -> State:
    """Give the state a move leads to, or raise P3."""
    reached = MOVES[state].get(move)
    if reached is None:
        raise MoveNotAllowed  # P3
    return reached


@dataclass(frozen=True, slots=True)
class Wording:
    """What the author wrote."""

    title: str
    problem: str
    remedy: str
    topic: str | None = None


@dataclass(frozen=True, slots=True)
class Screening:
    """A decision of the Support Unit on a proposal, as it is published."""

    decision: Move
    reason: str
    note: str
    body: str | None
    acted_by: ActedBy
    at: datetime


@dataclass(frozen=True, slots=True)
class Proposal:
    """One proposal with its lineage in both directions: what it went on into, and the tasks it became part of."""

    id: ProposalId
    author: Person
    wording: Wording
    state: State
    submitted_at: datetime
    screening_due_at: datetime
    rule: RuleUsed
    screening: Screening | None = None
    """The last decision."""
    earlier_screenings: tuple[Screening, ...] = ()
    """The decisions before it, oldest first: a return stays public when the improved text is admitted."""
    merged_into: ProposalId | None = None
    task_ids: tuple[TaskId, ...] = ()
    supports: int = 0
