"""V1 to V6 in any order: votes open and close, citizens vote, repeat and change, groups are cut and crash."""

from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, rule

from services.voting.tests.harness import said
from services.voting.tests.model import Poll, VotingHarness
from townhall.contracts.values import TaskId
from townhall.testing.state_machines import Action, Machine, action
from voting.domain.ballot import Ballot, Choice, CurrentBallot, Voter
from voting.domain.counting import Count, CountingState, count
from voting.domain.tally import Tally
from voting.domain.vote import State, Terms, Vote, closed, opened, schedule

START = datetime(2026, 3, 1, tzinfo=UTC)
MINUTE, TICK = timedelta(minutes=1), timedelta(microseconds=1)
TASKS = [TaskId(UUID(int=number)) for number in range(3)]
VOTERS = [Voter(bytes([number])) for number in range(5)]
TASK = st.sampled_from(TASKS)
BALLOTS = st.lists(st.builds(Ballot, TASK, st.sampled_from(VOTERS), st.sampled_from(Choice)), min_size=1, max_size=12)
CUTS = st.lists(st.booleans(), min_size=12, max_size=12)
RULES = st.tuples(st.integers(0, 4), st.booleans())
LENGTHS = st.lists(st.integers(1, 30), min_size=len(TASKS), max_size=len(TASKS))


@dataclass
class Kept:
    """What the database keeps, and what was announced."""

    votes: dict[TaskId, Vote]
    tallies: dict[TaskId, Tally]
    current_ballots: dict[tuple[TaskId, Voter], CurrentBallot] = field(default_factory=dict)
    passed: set[TaskId] = field(default_factory=set)
    ballots: list[Ballot] = field(default_factory=list)
    crossings: list[tuple[TaskId, Tally]] = field(default_factory=list)

    def copy(self) -> "Kept":
        """Return the same, to go another way from here."""
        return Kept(
            votes=dict(self.votes),
            tallies=dict(self.tallies),
            current_ballots=dict(self.current_ballots),
            passed=set(self.passed),
            ballots=list(self.ballots),
            crossings=list(self.crossings),
        )

    def state(self, at: datetime) -> CountingState:
        """Load what a group needs."""
        return CountingState(at, dict(self.votes), dict(self.tallies), dict(self.current_ballots), set(self.passed))

    def commit(self, state: CountingState, done: Count) -> None:
        """Store what a group brought about."""
        self.tallies, self.current_ballots, self.passed = state.tallies, state.current_ballots, state.passed
        self.ballots += done.accepted
        self.crossings += done.crossings.items()

    def counted(self, at: datetime, groups: list[list[Ballot]]) -> list[str]:
        """Count groups, each in a transaction of its own; return every citizen's answer."""
        answers = []
        for group in groups:
            state = self.state(at)
            done = count(state, group)
            answers += [said(answer) for answer in done.answers]
            self.commit(state, done)
        return answers


class Voting(Machine):
    """A few citizens, three votes, and everything that may happen between them."""

    @initialize(lengths=LENGTHS, rules=st.lists(RULES, min_size=len(TASKS), max_size=len(TASKS)))
    def begin(self, lengths: list[int], rules: list[tuple[int, bool]]) -> None:
        """Schedule a vote on each task, and open all but the last."""
        periods = [(START + MINUTE, START + MINUTE * (1 + length)) for length in lengths]
        votes = {task: schedule(task, "일", *period, at=START) for task, period in zip(TASKS, periods, strict=True)}
        self.kept = Kept(votes, dict.fromkeys(TASKS, Tally()))
        self.model = VotingHarness(START, {task: Poll(*period) for task, period in zip(TASKS, periods, strict=True)})
        self.model.wait(MINUTE)
        for task, terms in zip(TASKS[:-1], rules, strict=False):
            self.run_timers(task, terms)

    def wait(self, minutes: int) -> None:
        """Let time pass."""
        self.model.wait(MINUTE * minutes)

    def run_timers(self, task: TaskId, terms: tuple[int, bool]) -> None:
        """Open a vote whose time has come, under the rule of that moment, or close one; the timer may be late."""
        vote, poll = self.kept.votes[task], self.model.harness[task]
        if vote.state is State.SCHEDULED:
            self.kept.votes[task] = opened(vote, Terms(1, "제5조", *terms))
            poll.opened_with = terms
        elif vote.state is State.OPEN and vote.closes_at <= self.model.at:
            self.kept.votes[task] = closed(vote)
            poll.over = True

    def vote_at_closing_time(self, task: TaskId, after: timedelta, ballots: list[Ballot]) -> None:
        """Count a microsecond before a vote closes, at that very moment, or a microsecond past it."""
        self.model.at = max(self.model.at, self.model.harness[task].closes_at + after)
        self.vote([replace(ballot, task_id=task) for ballot in ballots], [False] * len(ballots))

    def vote(self, ballots: list[Ballot], cuts: list[bool]) -> None:
        """Count a sequence as one group, one by one, and cut anywhere: answers and everything kept are the same."""
        at, one_by_one, cut = self.model.at, self.kept.copy(), self.kept.copy()
        answers = self.kept.counted(at, [ballots])
        assert answers == self.model.take(ballots)
        assert answers == one_by_one.counted(at, [[ballot] for ballot in ballots])
        assert answers == cut.counted(at, _groups(ballots, cuts))
        assert self.kept == one_by_one == cut

    def repeat(self, ballots: list[Ballot]) -> None:
        """Count each ballot twice in a row: the second time it is no second ballot, and is answered as the first."""
        answers = self.kept.counted(self.model.at, [[ballot for ballot in ballots for _ in range(2)]])
        firsts = self.model.take(ballots)
        assert answers[::2] == firsts
        assert answers[1::2] == ["unchanged" if first in {"counted", "changed"} else first for first in firsts]

    def shuffle(self, ballots: list[Ballot], order: object) -> None:
        """Count in another order, each citizen's own kept: the same ballots stand, and the totals are the same."""
        lines = [ballot.voter for ballot in ballots]
        order.shuffle(lines)  # type: ignore[attr-defined]  # hypothesis gives a random.Random
        own = {voter: iter([ballot for ballot in ballots if ballot.voter == voter]) for voter in lines}
        other = self.kept.copy()
        other.counted(self.model.at, [[next(own[voter]) for voter in lines]])
        self.vote(ballots, [True] * len(ballots))
        assert (other.tallies, other.current_ballots) == (self.kept.tallies, self.kept.current_ballots)

    def crash(self, ballots: list[Ballot], *, committed: bool) -> None:
        """Die with a group in flight, before its commit or after it; no citizen consumes, and each one asks again."""
        state = self.kept.state(self.model.at)
        done = count(state, ballots)
        if committed:
            self.kept.commit(state, done)
            self.model.take(ballots)
        self.totals_equal_a_recount()
        self.vote(ballots, [False] * len(ballots))

    @rule(
        to=st.one_of(
            action("wait", minutes=st.integers(1, 7)),
            action("run_timers", task=TASK, terms=RULES),
            action(
                "vote_at_closing_time", task=TASK, after=st.sampled_from([-TICK, timedelta(0), TICK]), ballots=BALLOTS
            ),
            action("vote", ballots=BALLOTS, cuts=CUTS),
            action("repeat", ballots=BALLOTS),
            action("shuffle", ballots=BALLOTS, order=st.randoms(use_true_random=False)),
            action("crash", ballots=BALLOTS, committed=st.booleans()),
        )
    )
    def go_on(self, to: Action) -> None:
        """Take any turn."""
        self.perform(to)

    @invariant()
    def totals_equal_a_recount(self) -> None:
        """V3, V6: whatever happened, one ballot of each citizen stands, and the totals are those of a recount."""
        for task, poll in self.model.harness.items():
            tally, current_ballot = self.kept.tallies[task], poll.current_ballot()
            assert (tally.yes, tally.no) == poll.totals()
            assert {
                voter: it.choice for (of, voter), it in self.kept.current_ballots.items() if of == task
            } == current_ballot
            assert [ballot for ballot in self.kept.ballots if ballot.task_id == task] == poll.pile

    @invariant()
    def the_threshold_is_crossed_once(self) -> None:
        """V5: exactly when a recount first had more than N yes, with the ballot that made it so, and never again."""
        told = Counter(task for task, _ in self.kept.crossings)
        assert told == {task: 1 for task, poll in self.model.harness.items() if poll.crossed_by}
        assert self.kept.passed == set(told)
        for task, tally in self.kept.crossings:
            terms = self.kept.votes[task].terms
            assert terms is not None
            assert tally.yes == terms.more_than + 1


def _groups(ballots: list[Ballot], cuts: list[bool]) -> list[list[Ballot]]:
    groups: list[list[Ballot]] = [[]]
    for ballot, cut in zip(ballots, cuts, strict=False):
        if cut:
            groups.append([])
        groups[-1].append(ballot)
    return groups


TestVoting = Voting.TestCase
TestVoting.settings = settings(stateful_step_count=30)
