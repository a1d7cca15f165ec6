"""The vote on one task: its period, its state, and the rule version it is held under."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from townhall.contracts.values import RuleUsed, TaskId
from townhall.rejected import NotFound, Rejected


class NoSuchVote(NotFound):
    """No vote was scheduled for a task of that id."""

    code = "no-such-vote"
    title = "There is no vote on this task."


class VoteNotOpen(Rejected):
    """The vote has not opened yet, or it is closed."""

    code = "vote-not-open"
    rule = "V1"
    title = "The vote is not open: it has not opened yet, or it is over."


class EmptyPeriod(Rejected):
    """The closing time is not after the opening time."""

    code = "empty-period"
    rule = "V1"
    status = 422
    title = "A vote must close after it opens."


class State(StrEnum):
    """The states of a vote, in the only order it passes through them."""

    SCHEDULED = "scheduled"
    OPEN = "open"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Terms:
    """The rule a vote was opened under. A later version of the rules doesn't change it (V2)."""

    version: int
    article: str
    more_than: int
    """The threshold is reached when *more than* this number voted yes."""
    ballots_changeable: bool

    @property
    def used(self) -> RuleUsed:
        """The rule version, as events and responses name it."""
        return RuleUsed(version=self.version, article=self.article)


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
        """The time whose rule in force applies: the opening time, or the scheduling if that was later (V2)."""
        return max(self.opens_at, self.scheduled_at)


def schedule(task_id: TaskId, title: str, opens_at: datetime, closes_at: datetime, *, at: datetime) -> Vote:
    """Return a new vote, scheduled at `at`. Raises `EmptyPeriod` (V1)."""
    if opens_at >= closes_at:
        raise EmptyPeriod
    return Vote(task_id, title, State.SCHEDULED, opens_at, closes_at, scheduled_at=at)


def opened(vote: Vote, terms: Terms) -> Vote:
    """Return the vote in state `open`, under these terms. Raises `VoteNotOpen` unless it is scheduled (V2)."""
    if vote.state is not State.SCHEDULED:
        raise VoteNotOpen
    return replace(vote, state=State.OPEN, terms=terms)


def closed(vote: Vote) -> Vote:
    """Return the vote in state `closed`. Raises `VoteNotOpen` unless it is open (V1)."""
    if vote.state is not State.OPEN:
        raise VoteNotOpen
    return replace(vote, state=State.CLOSED)


def terms_at(vote: Vote, at: datetime) -> Terms:
    """Return the terms of a ballot counted at `at`. Raises `VoteNotOpen` outside the voting period (V1)."""
    if vote.state is not State.OPEN or vote.terms is None or not vote.opens_at <= at < vote.closes_at:
        raise VoteNotOpen
    return vote.terms
