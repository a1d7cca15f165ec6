"""V1 to V6 against a reference model: votes open and close, ballots repeat and change, groups split and crash."""

from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, rule

from services.voting.tests.harness import outcome
from services.voting.tests.model import VoteModel, VotingModel
from townhall.contracts.values import TaskId
from townhall.testing.state_machines import Action, Machine, action, runs
from voting.domain.ballot import Ballot, Choice, CurrentBallot, VoterHash
from voting.domain.counting import Count, CountingState, count
from voting.domain.tally import Tally
from voting.domain.vote import State, Terms, Vote, closed, opened, schedule

START = datetime(2026, 3, 1, tzinfo=UTC)
MINUTE, TICK = timedelta(minutes=1), timedelta(microseconds=1)
TASKS = [TaskId(UUID(int=number)) for number in range(3)]
VOTERS = [VoterHash(bytes([number])) for number in range(5)]
TASK = st.sampled_from(TASKS)
BALLOTS = st.lists(st.builds(Ballot, TASK, st.sampled_from(VOTERS), st.sampled_from(Choice)), min_size=1, max_size=12)
SPLITS = st.lists(st.booleans(), min_size=12, max_size=12)
RULES = st.tuples(st.integers(0, 4), st.booleans())
LENGTHS = st.lists(st.integers(1, 30), min_size=len(TASKS), max_size=len(TASKS))


@dataclass
class Stored:
    """What the database would hold, and what was announced."""

    votes: dict[TaskId, Vote]
    tallies: dict[TaskId, Tally]
    current_ballots: dict[tuple[TaskId, VoterHash], CurrentBallot] = field(default_factory=dict)
    reached: set[TaskId] = field(default_factory=set)
    ballots: list[Ballot] = field(default_factory=list)
    crossings: list[tuple[TaskId, Tally]] = field(default_factory=list)

    def copy(self) -> "Stored":
        """Return a copy."""
        return Stored(
            votes=dict(self.votes),
            tallies=dict(self.tallies),
            current_ballots=dict(self.current_ballots),
            reached=set(self.reached),
            ballots=list(self.ballots),
            crossings=list(self.crossings),
        )

    def state(self, at: datetime) -> CountingState:
        """Load the state for counting a group."""
        return CountingState(at, dict(self.votes), dict(self.tallies), dict(self.current_ballots), set(self.reached))

    def commit(self, state: CountingState, result: Count) -> None:
        """Store the result of a group."""
        self.tallies, self.current_ballots, self.reached = state.tallies, state.current_ballots, state.reached
        self.ballots += result.accepted
        self.crossings += [(task, crossing.tally) for task, crossing in result.crossings.items()]

    def counted(self, at: datetime, groups: list[list[Ballot]]) -> list[str]:
        """Count groups, each in a transaction of its own; return the answer to each ballot."""
        answers = []
        for group in groups:
            state = self.state(at)
            result = count(state, group)
            answers += [outcome(answer) for answer in result.answers]
            self.commit(state, result)
        return answers


class VotingMachine(Machine):
    """A few citizens and three votes, through the rules and through the model."""

    @initialize(lengths=LENGTHS, rules=st.lists(RULES, min_size=len(TASKS), max_size=len(TASKS)))
    def begin(self, lengths: list[int], rules: list[tuple[int, bool]]) -> None:
        """Schedule a vote on each task, and open all but the last."""
        periods = [(START + MINUTE, START + MINUTE * (1 + length)) for length in lengths]
        votes = {task: schedule(task, "일", *period, at=START) for task, period in zip(TASKS, periods, strict=True)}
        self.stored = Stored(votes, dict.fromkeys(TASKS, Tally()))
        self.model = VotingModel(START, {task: VoteModel(*period) for task, period in zip(TASKS, periods, strict=True)})
        self.model.wait(MINUTE)
        for task, terms in zip(TASKS[:-1], rules, strict=False):
            self.run_timers(task, terms)

    def wait(self, minutes: int) -> None:
        """Advance the clock."""
        self.model.wait(MINUTE * minutes)

    def run_timers(self, task: TaskId, terms: tuple[int, bool]) -> None:
        """Open or close a vote that is due, possibly late."""
        vote, model = self.stored.votes[task], self.model.votes[task]
        if vote.state is State.SCHEDULED:
            self.stored.votes[task] = opened(vote, Terms(1, "제5조", *terms))
            model.opened_with = terms
        elif vote.state is State.OPEN and vote.closes_at <= self.model.at:
            self.stored.votes[task] = closed(vote)
            model.closed = True

    def vote_at_closing_time(self, task: TaskId, after: timedelta, ballots: list[Ballot]) -> None:
        """Count a microsecond before the closing time, at it, or a microsecond after it."""
        self.model.at = max(self.model.at, self.model.votes[task].closes_at + after)
        self.vote([replace(ballot, task_id=task) for ballot in ballots], [False] * len(ballots))

    def vote(self, ballots: list[Ballot], splits: list[bool]) -> None:
        """Count ballots as one group, one by one, and split anywhere: answers and stored state are the same."""
        at, one_by_one, split = self.model.at, self.stored.copy(), self.stored.copy()
        answers = self.stored.counted(at, [ballots])
        assert answers == self.model.cast(ballots)
        assert answers == one_by_one.counted(at, [[ballot] for ballot in ballots])
        assert answers == split.counted(at, _groups(ballots, splits))
        assert self.stored == one_by_one == split

    def repeat(self, ballots: list[Ballot]) -> None:
        """Count each ballot twice in a row: the second one is `unchanged`, or refused like the first."""
        answers = self.stored.counted(self.model.at, [[ballot for ballot in ballots for _ in range(2)]])
        firsts = self.model.cast(ballots)
        assert answers[::2] == firsts
        assert answers[1::2] == ["unchanged" if first in {"counted", "changed"} else first for first in firsts]

    def shuffle(self, ballots: list[Ballot], order: object) -> None:
        """Count in another order, but each citizen's in theirs: current ballots and totals are the same."""
        order_of_voters = [ballot.voter for ballot in ballots]
        order.shuffle(order_of_voters)  # type: ignore[attr-defined]  # hypothesis gives a random.Random
        own = {voter: iter([ballot for ballot in ballots if ballot.voter == voter]) for voter in order_of_voters}
        other = self.stored.copy()
        other.counted(self.model.at, [[next(own[voter]) for voter in order_of_voters]])
        self.vote(ballots, [True] * len(ballots))
        assert (other.tallies, other.current_ballots) == (self.stored.tallies, self.stored.current_ballots)

    def crash(self, ballots: list[Ballot], *, committed: bool) -> None:
        """Crash with a group in flight, before or after its commit; every citizen sends the ballot again."""
        state = self.stored.state(self.model.at)
        result = count(state, ballots)
        if committed:
            self.stored.commit(state, result)
            self.model.cast(ballots)
        self.totals_equal_a_recount()
        self.vote(ballots, [False] * len(ballots))

    @rule(
        to=st.one_of(
            action("wait", minutes=st.integers(1, 7)),
            action("run_timers", task=TASK, terms=RULES),
            action(
                "vote_at_closing_time", task=TASK, after=st.sampled_from([-TICK, timedelta(0), TICK]), ballots=BALLOTS
            ),
            action("vote", ballots=BALLOTS, splits=SPLITS),
            action("repeat", ballots=BALLOTS),
            action("shuffle", ballots=BALLOTS, order=st.randoms(use_true_random=False)),
            action("crash", ballots=BALLOTS, committed=st.booleans()),
        )
    )
    def step_once(self, to: Action) -> None:
        """Take any one step."""
        self.perform(to)

    @invariant()
    def totals_equal_a_recount(self) -> None:
        """V3, V6: each citizen has one current ballot, and the totals equal a recount."""
        for task, model in self.model.votes.items():
            tally, current_ballots = self.stored.tallies[task], model.current_ballots()
            assert (tally.yes, tally.no) == model.totals()
            assert {
                voter: it.choice for (of, voter), it in self.stored.current_ballots.items() if of == task
            } == current_ballots
            assert [ballot for ballot in self.stored.ballots if ballot.task_id == task] == model.accepted

    @invariant()
    def the_threshold_is_crossed_once(self) -> None:
        """V5: with the ballot after which a recount first had more than N yes, and never again."""
        crossed = Counter(task for task, _ in self.stored.crossings)
        assert crossed == {task: 1 for task, model in self.model.votes.items() if model.crossed_by}
        assert self.stored.reached == set(crossed)
        for task, tally in self.stored.crossings:
            terms = self.stored.votes[task].terms
            assert terms is not None
            assert tally.yes == terms.more_than + 1


def _groups(ballots: list[Ballot], splits: list[bool]) -> list[list[Ballot]]:
    groups: list[list[Ballot]] = [[]]
    for ballot, split in zip(ballots, splits, strict=False):
        if split:
            groups.append([])
        groups[-1].append(ballot)
    return groups


TestVoting = VotingMachine.TestCase
TestVoting.settings = runs(examples=100, steps=30)
