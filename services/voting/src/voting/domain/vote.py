"""The vote on one task: when it opens and closes, and which rule it stands under."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from townhall.contracts.values import TaskId
from townhall.rejected import NotFound, Rejected


class NoSuchVote(NotFound):
    """No task of that id was ever put to the vote."""

    code = "no-such-vote"
    title = "There is no vote on this task."


class VoteNotOpen(Rejected):
    """The vote has not opened yet, or it is over."""

    code = "vote-not-open"
    rule = "V1"
    title = "The vote is not open: it has not begun, or it is over."


class EmptyPeriod(Rejected):
    """A vote would close before, or when, it opens."""

    code = "empty-period"
    rule = "V1"
    status = 422
    title = "A vote must close after it opens."


class State(StrEnum):
    """Where a vote stands. It only ever moves forward."""

    SCHEDULED = "scheduled"
    OPEN = "open"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Terms:
    """The rule a vote opened under. A later version never changes them (V2)."""

    version: int
    article: str
    more_than: int
    """The threshold is reached when *more than* this number voted yes."""
    ballots_changeable: bool


@dataclass(frozen=True, slots=True)
class Vote:
    """The vote on one task."""

    task_id: TaskId
    title: str
    state: State
    opens_at: datetime
    closes_at: datetime
    scheduled_at: datetime
    terms: Terms | None = None
    """None until the vote opens."""

    @property
    def governed_from(self) -> datetime:
        """The time whose rule the vote opens under: its opening time, or when we heard of it if that was later (V2)."""
        return max(self.opens_at, self.scheduled_at)


def schedule(task_id: TaskId, title: str, opens_at: datetime, closes_at: datetime, *, at: datetime) -> Vote:
    """Put a task to the vote."""
    if opens_at >= closes_at:
        raise EmptyPeriod  # V1
    return Vote(task_id, title, State.SCHEDULED, opens_at, closes_at, scheduled_at=at)


def opened(vote: Vote, terms: Terms) -> Vote:
    """Open a scheduled vote under the rule in force at its opening time."""
    if vote.state is not State.SCHEDULED:
        raise VoteNotOpen  # V2: the terms of an open vote are never replaced
    return replace(vote, state=State.OPEN, terms=terms)


def closed(vote: Vote) -> Vote:
    """Close an open vote, for good."""
    if vote.state is not State.OPEN:
        raise VoteNotOpen
    return replace(vote, state=State.CLOSED)


def terms_at(vote: Vote, at: datetime) -> Terms:
    """Return the terms a ballot is counted under, or refuse it: the vote is not open then."""
    if vote.state is not State.OPEN or vote.terms is None or not vote.opens_at <= at < vote.closes_at:
        raise VoteNotOpen  # V1
    return vote.terms
