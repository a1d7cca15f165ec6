"""Counting a group of ballots, one after the other, as if each had come alone."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from townhall.contracts.values import TaskId
from townhall.rejected import Rejected
from voting.domain.ballot import Ballot, Counted, Outcome, Standing, Voter, cast
from voting.domain.tally import Tally, reached
from voting.domain.vote import Vote, terms_at


@dataclass(slots=True)
class Box:
    """The votes a group of ballots touches, as they stand at one moment; counting moves it on."""

    at: datetime
    votes: Mapping[TaskId, Vote]
    tallies: dict[TaskId, Tally]
    standings: dict[tuple[TaskId, Voter], Standing] = field(default_factory=dict, repr=False)
    passed: set[TaskId] = field(default_factory=set)
    """The votes whose threshold is reached; it stays reached (V5)."""


@dataclass(slots=True)
class Count:
    """What counting a group brought about."""

    answers: list[Counted | Rejected] = field(default_factory=list)
    """One for each ballot, in their order."""
    accepted: list[Ballot] = field(default_factory=list, repr=False)
    """The ballots that now stand, or stood for a moment, in their order."""
    crossings: dict[TaskId, Tally] = field(default_factory=dict)
    """The totals with the very ballot that reached the threshold."""


def count(box: Box, ballots: Iterable[Ballot]) -> Count:
    """Decide each ballot by what the ones before it left, and move the box on."""
    done = Count()
    for ballot in ballots:
        try:
            done.answers.append(_one(box, ballot, done))
        except Rejected as refusal:
            done.answers.append(refusal)
    return done


def _one(box: Box, ballot: Ballot, done: Count) -> Counted:
    terms = terms_at(box.votes[ballot.task_id], box.at)
    key = (ballot.task_id, ballot.voter)
    before = box.standings.get(key)
    counted = cast(terms, before, ballot.choice, box.at)
    if counted.outcome is Outcome.UNCHANGED:
        return counted
    box.standings[key] = counted.standing
    box.tallies[ballot.task_id] = tally = box.tallies[ballot.task_id].moved(before, ballot.choice)
    done.accepted.append(ballot)
    if ballot.task_id not in box.passed and reached(tally, terms):
        box.passed.add(ballot.task_id)
        done.crossings[ballot.task_id] = tally
    return counted
