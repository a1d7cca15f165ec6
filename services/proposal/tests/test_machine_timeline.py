"""P14, P15 as a state machine: late, reordered and repeated delivery gives the same timeline and state."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from uuid import UUID

from hypothesis import strategies as st
from hypothesis.stateful import invariant, rule
from typing_extensions import override

from proposal.domain.timeline import (
    STATE_BY_OUTCOME,
    STATE_BY_TYPE,
    Fact,
    TaskState,
    furthest,
    in_order,
    state_shown_by,
)
from townhall.contracts.values import TaskId
from townhall.testing.state_machines import Action, Machine, action, runs

START = datetime(2026, 3, 2, 9, tzinfo=UTC)
OTHER_TYPES = ("evaluation.milestone-planned.v1", "voting.something-new.v1")
"""Event types that show no state, one of them unknown to this service."""
EVENTS: st.SearchStrategy[tuple[str, Mapping[str, object]]] = st.one_of(
    st.tuples(st.sampled_from([*STATE_BY_TYPE, *OTHER_TYPES]), st.just({})),
    st.tuples(st.just("voting.vote-closed.v1"), st.fixed_dictionaries({"threshold_reached": st.booleans()})),
    st.tuples(
        st.just("committee.outcome-recorded.v1"),
        st.fixed_dictionaries({"outcome": st.sampled_from([*STATE_BY_OUTCOME])}),
    ),
)
"""An event type with the fields that matter to the timeline."""
RANKED_STATES = [
    "selected",
    "voting",
    "closed-below",
    "threshold-reached",
    "referred",
    "docketed",
    "in-deliberation",
    "deferred",
    "deliberated",
    "on-agenda",
    "returned",
    "adopted",
    "adopted-with-change",
    "delivering",
    "done",
    "dropped",
    "verified",
    "evaluated",
]
STATE_OF = {
    "proposal.task-selected.v1": "selected",
    "proposal.task-referred.v1": "referred",
    "voting.vote-opened.v1": "voting",
    "voting.threshold-reached.v1": "threshold-reached",
    "committee.case-docketed.v1": "docketed",
    "committee.deliberation-started.v1": "in-deliberation",
    "committee.case-deferred.v1": "deferred",
    "committee.case-deliberated.v1": "deliberated",
    "committee.case-placed-on-agenda.v1": "on-agenda",
    "evaluation.initiative-opened.v1": "delivering",
    "evaluation.initiative-started.v1": "delivering",
    "evaluation.initiative-done.v1": "done",
    "evaluation.initiative-dropped.v1": "dropped",
    "evaluation.initiative-verified.v1": "verified",
    "evaluation.initiative-evaluated.v1": "evaluated",
}


def expected_state(fact: Fact) -> str:
    """Return the state a fact shows, from the table of this module and not the domain's."""
    if fact.type == "voting.vote-closed.v1":
        return "threshold-reached" if fact.facts["threshold_reached"] else "closed-below"
    if fact.type == "committee.outcome-recorded.v1":
        return "on-agenda" if fact.facts["outcome"] == "deferred" else str(fact.facts["outcome"])
    return STATE_OF.get(fact.type, "selected")


class Timeline(Machine):
    """Four services announce events about one task; the timeline receives them late, in any order, and repeatedly."""

    def __init__(self) -> None:
        super().__init__()
        self.announced: list[Fact] = []
        self.received: dict[UUID, Fact] = {}
        self.state = TaskState.SELECTED

    def announce(self, event: tuple[str, Mapping[str, object]], minutes: int) -> None:
        """Announce an event; each service has a clock and a version of its own."""
        name, fields = event
        source, at = name.partition(".")[0], START + timedelta(minutes=minutes)
        earlier = [fact for fact in self.announced if fact.source == source]
        at = max([at, *(fact.at for fact in earlier)])
        new = Fact(UUID(int=len(self.announced)), TaskId(UUID(int=0)), source, len(earlier) + 1, at, name, fields)
        self.announced.append(new)

    def receive(self, numbers: list[int]) -> None:
        """Deliver some announced events, some of them again."""
        for number in numbers if self.announced else ():
            fact = self.announced[number % len(self.announced)]
            self.received.setdefault(fact.id, fact)
            self.state = furthest([self.state, state_shown_by(fact)])

    @rule(
        to=st.one_of(
            action("announce", event=EVENTS, minutes=st.integers(0, 2)),
            action("receive", numbers=st.lists(st.integers(0, 99), min_size=1, max_size=4)),
        )
    )
    def any_step(self, to: Action) -> None:
        """Take a step of any kind."""
        self.perform(to)

    @invariant()
    def the_state_is_the_furthest_received(self) -> None:
        """P15: the state has the highest rank of all states shown by received events."""
        ranks = [RANKED_STATES.index(expected_state(fact)) for fact in self.received.values()]
        assert self.state == RANKED_STATES[max(ranks, default=0)]

    @invariant()
    def the_timeline_has_one_order(self) -> None:
        """P14: each event once, sorted by time, and each service's events by version."""
        ordered = in_order(self.received.values())
        assert sorted(fact.id for fact in ordered) == sorted(self.received)
        assert ordered == in_order(reversed(self.received.values()))
        assert [fact.at for fact in ordered] == sorted(fact.at for fact in ordered)
        for source in {fact.source for fact in ordered}:
            versions = [fact.version for fact in ordered if fact.source == source]
            assert versions == sorted(versions)

    @override
    def teardown(self) -> None:
        """P14, P15: once all events are received, the timeline and state are those of delivery in order."""
        if self.announced:
            self.receive(list(range(len(self.announced)))[::-1])
            self.the_state_is_the_furthest_received()
            assert in_order(self.received.values()) == in_order(self.announced)


TestTimeline = Timeline.TestCase
TestTimeline.settings = runs(examples=300, steps=8)
