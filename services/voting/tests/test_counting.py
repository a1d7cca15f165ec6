"""Counting groups of ballots against a model that counts one by one from the beginning (V1 to V6)."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from townhall.contracts.values import TaskId
from townhall.rejected import Rejected
from voting.domain.ballot import Ballot, BallotIsFinal, Choice, Counted, Standing, Voter
from voting.domain.counting import Box, Count, count
from voting.domain.tally import Tally
from voting.domain.vote import State, Terms, Vote, VoteNotOpen, closed, opened, schedule

START = datetime(2026, 3, 1, tzinfo=UTC)
TASKS = [TaskId(UUID(int=number)) for number in range(3)]
VOTERS = [Voter(bytes([number])) for number in range(5)]
BALLOTS = st.lists(st.builds(Ballot, st.sampled_from(TASKS), st.sampled_from(VOTERS), st.sampled_from(Choice)))


def _recount(log: list[Ballot], task: TaskId) -> Tally:
    last = {ballot.voter: ballot.choice for ballot in log if ballot.task_id == task}
    return Tally(list(last.values()).count(Choice.YES), list(last.values()).count(Choice.NO))


@dataclass
class Paper:
    """The naive model: every accepted ballot on a pile, recounted from the bottom each time."""

    pile: list[Ballot] = field(default_factory=list)
    passed: set[TaskId] = field(default_factory=set)

    def take(self, vote: Vote, ballot: Ballot, at: datetime) -> str:
        """Return what the answer must be."""
        if vote.terms is None or vote.state is not State.OPEN or not vote.opens_at <= at < vote.closes_at:
            return VoteNotOpen.code
        mine = [old for old in self.pile if (old.task_id, old.voter) == (ballot.task_id, ballot.voter)]
        if mine and mine[-1].choice is ballot.choice:
            return "unchanged"
        if mine and not vote.terms.ballots_changeable:
            return BallotIsFinal.code
        self.pile.append(ballot)
        if _recount(self.pile, ballot.task_id).yes > vote.terms.more_than:
            self.passed.add(ballot.task_id)
        return "changed" if mine else "counted"


class Voting(RuleBasedStateMachine):
    """Citizens vote, repeat and change in groups; clocks move; votes open and close; a crash forgets a group."""

    @initialize(more_than=st.integers(0, 4), changeable=st.booleans(), lengths=st.lists(st.integers(1, 30), min_size=3))
    def begin(self, *, more_than: int, changeable: bool, lengths: list[int]) -> None:
        """Schedule a vote on each task."""
        self.terms = Terms(1, "제5조", more_than, changeable)
        self.at = START
        self.votes = {
            task: schedule(task, "일", START, START + timedelta(minutes=length), at=START)
            for task, length in zip(TASKS, lengths, strict=False)
        }
        self.tallies = dict.fromkeys(TASKS, Tally())
        self.standings: dict[tuple[TaskId, Voter], Standing] = {}
        self.passed: set[TaskId] = set()
        self.crossings: list[tuple[TaskId, Tally]] = []
        self.model = Paper()

    @rule(minutes=st.integers(1, 7))
    def wait(self, minutes: int) -> None:
        """Let time pass."""
        self.at += timedelta(minutes=minutes)

    @rule(task=st.sampled_from(TASKS), later=st.integers(0, 9))
    def open_or_close(self, task: TaskId, later: int) -> None:
        """Do what the timers do, under the rule of the moment of opening."""
        vote = self.votes[task]
        if vote.state is State.SCHEDULED:
            terms = replace(self.terms, more_than=self.terms.more_than + later)
            self.votes[task] = opened(vote, terms)
        elif vote.state is State.OPEN and vote.closes_at <= self.at:
            self.votes[task] = closed(vote)

    def _box(self) -> Box:
        return Box(self.at, self.votes, dict(self.tallies), dict(self.standings), set(self.passed))

    def _keep(self, box: Box, done: Count) -> None:
        self.tallies, self.standings, self.passed = box.tallies, box.standings, box.passed
        self.crossings.extend(done.crossings.items())

    @rule(ballots=BALLOTS)
    def vote(self, ballots: list[Ballot]) -> None:
        """Count a group and commit it."""
        box = self._box()
        done = count(box, ballots)
        expected = [self.model.take(self.votes[ballot.task_id], ballot, self.at) for ballot in ballots]
        assert [_said(answer) for answer in done.answers] == expected
        self._keep(box, done)

    @rule(ballots=BALLOTS)
    def crash(self, ballots: list[Ballot]) -> None:
        """Count a group and die before the commit: nothing of it happened."""
        count(self._box(), ballots)

    @rule(ballots=BALLOTS)
    def redeliver(self, ballots: list[Ballot]) -> None:
        """Count each ballot twice in a row: the second time is never a second ballot."""
        self.vote([ballot for ballot in ballots for _ in range(2)])

    @invariant()
    def tallies_equal_a_recount(self) -> None:
        """V6: whatever happened, the totals are those of the last ballot of each citizen."""
        if hasattr(self, "model"):
            assert self.tallies == {task: _recount(self.model.pile, task) for task in TASKS}

    @invariant()
    def the_threshold_is_crossed_once(self) -> None:
        """V5: exactly when a recount first had more than N yes, and never again."""
        if hasattr(self, "model"):
            assert sorted(task for task, _ in self.crossings) == sorted(self.model.passed)
            for task, tally in self.crossings:
                terms = self.votes[task].terms
                assert terms is not None
                assert tally.yes == terms.more_than + 1


def _said(answer: Counted | Rejected) -> str:
    return answer.code if isinstance(answer, Rejected) else answer.outcome.value


TestVoting = Voting.TestCase
TestVoting.settings = settings(max_examples=150, stateful_step_count=30, deadline=None)
