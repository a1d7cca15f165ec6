"""One citizen's ballot on one task."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import NewType, TypeAlias

from townhall.contracts.values import TaskId
from townhall.rejected import NotFound, Rejected
from voting.domain.vote import Terms

Voter = NewType("Voter", bytes)
"""What a citizen is called in one vote, and in no other; see `nullifier`."""

Trace: TypeAlias = Mapping[str, object]
"""The trace context of the request that cast a ballot, carried to what the ballot causes; opaque to the rules."""


class BallotIsFinal(Rejected):
    """The rule of this vote lets nobody change a ballot."""

    code = "ballot-is-final"
    rule = "V4"
    title = "Your ballot on this task is cast; the rule of this vote does not let it be changed."


class NoBallot(NotFound):
    """The citizen has not voted on this task."""

    code = "no-ballot"
    title = "You have no ballot on this task."


class Choice(StrEnum):
    """What a citizen may choose."""

    YES = "yes"
    NO = "no"


class Outcome(StrEnum):
    """What an accepted request did to the citizen's ballot."""

    COUNTED = "counted"
    CHANGED = "changed"
    UNCHANGED = "unchanged"


@dataclass(frozen=True, slots=True)
class CastBallot:
    """A ballot as it was handed in. Its text form shows neither who nor what (V8)."""

    task_id: TaskId
    subject: str = field(repr=False)
    choice: Choice = field(repr=False)
    trace: Trace | None = field(default=None, repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class Ballot:
    """A ballot under its pseudonym."""

    task_id: TaskId
    voter: Voter = field(repr=False)
    choice: Choice = field(repr=False)
    trace: Trace | None = field(default=None, repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class CurrentBallot:
    """The ballot of a citizen that counts: the last one accepted."""

    choice: Choice = field(repr=False)
    cast_at: datetime


@dataclass(frozen=True, slots=True)
class Counted:
    """The answer to an accepted request."""

    outcome: Outcome
    current_ballot: CurrentBallot


def cast(terms: Terms, current_ballot: CurrentBallot | None, choice: Choice, at: datetime) -> Counted:
    """Accept a ballot beside the one that may stand already, or raise the rule that forbids it."""
    if current_ballot is None:
        return Counted(Outcome.COUNTED, CurrentBallot(choice, at))
    if current_ballot.choice is choice:
        return Counted(Outcome.UNCHANGED, current_ballot)  # V3: a repeated request is no second ballot
    if not terms.ballots_changeable:
        raise BallotIsFinal  # V4
    return Counted(Outcome.CHANGED, CurrentBallot(choice, at))
