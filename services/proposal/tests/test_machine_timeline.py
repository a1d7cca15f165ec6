"""P14, P15 in any order: four services tell of a task, and whoever hears them late, mixed and twice sees the same."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from uuid import UUID

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import invariant, rule
from typing_extensions import override

from proposal.domain.timeline import OUTCOMES, STEPS, Fact, TaskState, furthest, in_order, step
from townhall.contracts.values import TaskId
from townhall.testing.state_machines import Action, Machine, action

START = datetime(2026, 3, 2, 9, tzinfo=UTC)
KINDS: st.SearchStrategy[tuple[str, Mapping[str, object]]] = st.one_of(
    st.tuples(st.sampled_from([*STEPS, "evaluation.milestone-planned.v1", "voting.something-new.v1"]), st.just({})),
    st.tuples(st.just("voting.vote-closed.v1"), st.fixed_dictionaries({"threshold_reached": st.booleans()})),
    st.tuples(
        st.just("committee.outcome-recorded.v1"), st.fixed_dictionaries({"outcome": st.sampled_from([*OUTCOMES])})
    ),
)
WAY = [
    "selected",
    "voting",
    "closed-below",
    "threshold-reached",
    "referred",
    "docketed",
    "in-deliberation",
    "deferred",
    "deliberated",
    "tabled",
    "revision-requested",
    "adopted",
    "adopted-with-change",
    "delivering",
    "done",
    "dropped",
    "verified",
    "evaluated",
]
SHOWS = {
    "proposal.task-selected.v1": "selected",
    "proposal.task-referred.v1": "referred",
    "voting.vote-opened.v1": "voting",
    "voting.threshold-reached.v1": "threshold-reached",
    "committee.case-docketed.v1": "docketed",
    "committee.deliberation-started.v1": "in-deliberation",
    "committee.case-deferred.v1": "deferred",
    "committee.case-deliberated.v1": "deliberated",
    "committee.case-placed-on-agenda.v1": "tabled",
    "evaluation.initiative-opened.v1": "delivering",
    "evaluation.initiative-started.v1": "delivering",
    "evaluation.initiative-done.v1": "done",
    "evaluation.initiative-dropped.v1": "dropped",
    "evaluation.initiative-verified.v1": "verified",
    "evaluation.initiative-evaluated.v1": "evaluated",
}


def shown_by(fact: Fact) -> str:
    """Say what a fact shows, from a list written by hand."""
    if fact.type == "voting.vote-closed.v1":
        return "threshold-reached" if fact.facts["threshold_reached"] else "closed-below"
    if fact.type == "committee.outcome-recorded.v1":
        return "tabled" if fact.facts["outcome"] == "deferred" else str(fact.facts["outcome"])
    return SHOWS.get(fact.type, "selected")


class Timeline(Machine):
    """Four services tell of one task; this one hears late, in any order between them, and twice."""

    def __init__(self) -> None:
        super().__init__()
        self.told: list[Fact] = []
        self.received: dict[UUID, Fact] = {}
        self.state = TaskState.SELECTED

    def tell(self, kind: tuple[str, Mapping[str, object]], minutes: int) -> None:
        """A service announces a fact, by its own clock."""
        name, facts = kind
        source, at = name.partition(".")[0], START + timedelta(minutes=minutes)
        mine = [fact for fact in self.told if fact.source == source]
        at = max([at, *(fact.at for fact in mine)])
        new = Fact(UUID(int=len(self.told)), TaskId(UUID(int=0)), source, len(mine) + 1, at, name, facts)
        self.told.append(new)

    def hear(self, which: list[int]) -> None:
        """Some facts arrive, known ones among them: kept once, and the task moves on only."""
        for number in which if self.told else ():
            fact = self.told[number % len(self.told)]
            self.received.setdefault(fact.id, fact)
            self.state = furthest([self.state, step(fact)])

    @rule(
        to=st.one_of(
            action("tell", kind=KINDS, minutes=st.integers(0, 2)),
            action("hear", which=st.lists(st.integers(0, 99), min_size=1, max_size=4)),
        )
    )
    def go_on(self, to: Action) -> None:
        """Take any turn."""
        self.perform(to)

    @invariant()
    def the_state_is_the_furthest_of_all_heard(self) -> None:
        """P15: a hand-written list of steps, gone through for all that was received, ends at the same step."""
        reached = [WAY.index(shown_by(fact)) for fact in self.received.values()]
        assert self.state == WAY[max(reached, default=0)]

    @invariant()
    def the_timeline_has_one_order(self) -> None:
        """P14: each fact once, none before an earlier one, and each service's own in the order it told them."""
        shown = in_order(self.received.values())
        assert sorted(fact.id for fact in shown) == sorted(self.received)
        assert shown == in_order(reversed(self.received.values()))
        assert [fact.at for fact in shown] == sorted(fact.at for fact in shown)
        for source in {fact.source for fact in shown}:
            own = [fact.version for fact in shown if fact.source == source]
            assert own == sorted(own)

    @override
    def teardown(self) -> None:
        """In the end everything is received, backwards: the same timeline and state as in the order it was told."""
        if self.told:
            self.hear(list(range(len(self.told)))[::-1])
            self.the_state_is_the_furthest_of_all_heard()
            assert in_order(self.received.values()) == in_order(self.told)


TestTimeline = Timeline.TestCase
TestTimeline.settings = settings(max_examples=300, stateful_step_count=8)
