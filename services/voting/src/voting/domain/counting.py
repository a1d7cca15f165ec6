"""Count a group of ballots in order, with the same result as counting each in a transaction of its own."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from townhall.contracts.values import TaskId
from townhall.rejected import Rejected
from voting.domain.ballot import Ballot, Counted, CurrentBallot, Outcome, VoterHash, cast
from voting.domain.tally import Tally, threshold_reached
from voting.domain.vote import Vote, terms_at


@dataclass(slots=True)
class CountingState:
    """The votes that a group of ballots is for, with totals and current ballots. `count` updates it in place."""

    at: datetime
    """When the ballots count as cast."""
    votes: Mapping[TaskId, Vote]
    tallies: dict[TaskId, Tally]
    current_ballots: dict[tuple[TaskId, VoterHash], CurrentBallot] = field(default_factory=dict, repr=False)
    reached: set[TaskId] = field(default_factory=set)
    """The votes whose threshold is reached. It stays reached (V5)."""


@dataclass(frozen=True, slots=True)
class Crossing:
    """The ballot that reached a threshold, and the totals with it."""

    tally: Tally
    ballot: Ballot = field(repr=False)


@dataclass(slots=True)
class Count:
    """The result of counting a group."""

    answers: list[Counted | Rejected] = field(default_factory=list)
    """One for each ballot, in the order of the ballots."""
    accepted: list[Ballot] = field(default_factory=list, repr=False)
    """The ballots to store, in order; a later one of the same citizen replaces an earlier one."""
    crossings: dict[TaskId, Crossing] = field(default_factory=dict)
    """By task: the thresholds that these ballots reached."""


def count(state: CountingState, ballots: Iterable[Ballot]) -> Count:
    """Decide each ballot given those before it, and update `state`. Refusals are returned among the answers."""
    result = Count()
    for ballot in ballots:
        try:
            result.answers.append(_count_one(state, ballot, result))
        except Rejected as refusal:
            result.answers.append(refusal)
    return result


def _count_one(state: CountingState, ballot: Ballot, result: Count) -> Counted:
    terms = terms_at(state.votes[ballot.task_id], state.at)
    key = (ballot.task_id, ballot.voter)
    before = state.current_ballots.get(key)
    counted = cast(terms, before, ballot.choice, state.at)
    if counted.outcome is Outcome.UNCHANGED:
        return counted
    state.current_ballots[key] = counted.current_ballot
    state.tallies[ballot.task_id] = tally = state.tallies[ballot.task_id].replacing(before, ballot.choice)
    result.accepted.append(ballot)
    if ballot.task_id not in state.reached and threshold_reached(tally, terms):
        state.reached.add(ballot.task_id)
        result.crossings[ballot.task_id] = Crossing(tally, ballot)
    return counted
