"""Counting a group of ballots, one after the other, as if each had come alone."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from townhall.contracts.values import TaskId
from townhall.rejected import Rejected
from voting.domain.ballot import Ballot, Counted, CurrentBallot, Outcome, Voter, cast
from voting.domain.tally import Tally, reached
from voting.domain.vote import Vote, terms_at


@dataclass(slots=True)
class CountingState:
    """The votes a group of ballots touches, as they stand at one moment; counting moves it on."""

    at: datetime
    votes: Mapping[TaskId, Vote]
    tallies: dict[TaskId, Tally]
    current_ballots: dict[tuple[TaskId, Voter], CurrentBallot] = field(default_factory=dict, repr=False)
    passed: set[TaskId] = field(default_factory=set)
    """The votes whose threshold is reached; it stays reached (V5)."""


@dataclass(frozen=True, slots=True)
class Crossing:
    """The very ballot that reached a threshold, and the totals with it."""

    tally: Tally
    ballot: Ballot = field(repr=False)


@dataclass(slots=True)
class Count:
    """What counting a group brought about."""

    answers: list[Counted | Rejected] = field(default_factory=list)
    """One for each ballot, in their order."""
    accepted: list[Ballot] = field(default_factory=list, repr=False)
    """The ballots that now stand, or stood for a moment, in their order."""
    crossings: dict[TaskId, Crossing] = field(default_factory=dict)
    """By task, if one of these ballots reached its threshold."""


def count(state: CountingState, ballots: Iterable[Ballot]) -> Count:
    """Decide each ballot by what the ones before it left, and move the state on."""
    done = Count()
    for ballot in ballots:
        try:
            done.answers.append(_one(state, ballot, done))
        except Rejected as refusal:
            done.answers.append(refusal)
    return done


def _one(state: CountingState, ballot: Ballot, done: Count) -> Counted:
    terms = terms_at(state.votes[ballot.task_id], state.at)
    key = (ballot.task_id, ballot.voter)
    before = state.current_ballots.get(key)
    counted = cast(terms, before, ballot.choice, state.at)
    if counted.outcome is Outcome.UNCHANGED:
        return counted
    state.current_ballots[key] = counted.current_ballot
    state.tallies[ballot.task_id] = tally = state.tallies[ballot.task_id].moved(before, ballot.choice)
    done.accepted.append(ballot)
    if ballot.task_id not in state.passed and reached(tally, terms):
        state.passed.add(ballot.task_id)
        done.crossings[ballot.task_id] = Crossing(tally, ballot)
    return counted
