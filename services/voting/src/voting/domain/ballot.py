"""One citizen's ballot on one task."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import NewType, TypeAlias

from townhall.contracts.values import TaskId
from townhall.rejected import NotFound, Rejected
from voting.domain.vote import Terms

VoterHash = NewType("VoterHash", bytes)
"""The pseudonym of a citizen in one vote, different in every other; see `voter_keys`."""

Trace: TypeAlias = Mapping[str, object]
"""The trace context of the request that cast a ballot, for the events the ballot causes. The rules never read it."""


class BallotIsFinal(Rejected):
    """The vote's rule does not allow changing a ballot."""

    code = "ballot-is-final"
    rule = "V4"
    title = "You have already voted on this task, and the rule of this vote does not allow changing a ballot."


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
    """A ballot as the citizen sent it. Its `repr` shows neither the citizen nor the choice (V8)."""

    task_id: TaskId
    subject: str = field(repr=False)
    """The `sub` claim of the citizen's token."""
    choice: Choice = field(repr=False)
    trace: Trace | None = field(default=None, repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class Ballot:
    """A ballot under the citizen's pseudonym in the vote."""

    task_id: TaskId
    voter: VoterHash = field(repr=False)
    choice: Choice = field(repr=False)
    trace: Trace | None = field(default=None, repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class CurrentBallot:
    """The ballot of a citizen that is in the totals: the last one accepted."""

    choice: Choice = field(repr=False)
    cast_at: datetime


@dataclass(frozen=True, slots=True)
class Counted:
    """The result of an accepted request, with the ballot that is current after it."""

    outcome: Outcome
    current_ballot: CurrentBallot


def cast(terms: Terms, current_ballot: CurrentBallot | None, choice: Choice, at: datetime) -> Counted:
    """Decide a ballot of a citizen whose current ballot, if any, is given (V3, V4).

    Raises `BallotIsFinal`.
    """
    if current_ballot is None:
        return Counted(Outcome.COUNTED, CurrentBallot(choice, at))
    if current_ballot.choice is choice:
        return Counted(Outcome.UNCHANGED, current_ballot)  # V3: a repeated request adds no second ballot
    if not terms.ballots_changeable:
        raise BallotIsFinal  # V4
    return Counted(Outcome.CHANGED, CurrentBallot(choice, at))
