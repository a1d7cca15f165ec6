"""The timeline of a task, by the rules alone."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proposal.domain.timeline import OUTCOMES, STEPS, Fact, TaskState, furthest, in_order, step
from townhall.contracts import CATALOGUE
from townhall.contracts.values import Outcome, TaskId

AT = datetime(2026, 3, 2, 9, tzinfo=UTC)


def fact(kind: str, *, at: datetime = AT, source: str = "voting", version: int = 1, **facts: object) -> Fact:
    """A fact about one task."""
    return Fact(UUID(int=version), TaskId(UUID(int=9)), source, version, at, kind, facts)


def test_steps_are_named_as_the_contracts_name_them() -> None:
    """P15: no step waits for an event that nobody announces."""
    assert set(STEPS) <= set(CATALOGUE)
    assert set(OUTCOMES) == set(Outcome)


@pytest.mark.parametrize(
    ("received", "state"),
    [
        (fact("voting.vote-scheduled.v1"), TaskState.SELECTED),
        (fact("voting.vote-opened.v1"), TaskState.VOTING),
        (fact("voting.vote-closed.v1", threshold_reached=False), TaskState.CLOSED_BELOW),
        (fact("voting.vote-closed.v1", threshold_reached=True), TaskState.THRESHOLD_REACHED),
        (fact("committee.outcome-recorded.v1", outcome="adopted"), TaskState.ADOPTED),
        (fact("committee.outcome-recorded.v1", outcome="adopted-with-change"), TaskState.ADOPTED_WITH_CHANGE),
        (fact("committee.outcome-recorded.v1", outcome="returned"), TaskState.RETURNED),
        (fact("committee.outcome-recorded.v1", outcome="deferred"), TaskState.ON_AGENDA),
        (fact("evaluation.milestone-planned.v1"), TaskState.SELECTED),
        (fact("evaluation.something-new.v1"), TaskState.SELECTED),
    ],
)
def test_step(received: Fact, state: TaskState) -> None:
    """P15: a fact shows one step; a fact without a step of its own moves nothing."""
    assert step(received) is state


def test_the_way_of_a_task_is_in_rank_order() -> None:
    """P15: the usual way never seems to go back."""
    way = ["selected", "voting", "threshold-reached", "docketed", "in-deliberation", "deliberated", "on-agenda"]
    way += ["adopted", "delivering", "done", "verified", "evaluated"]
    ranks = [TaskState(state).rank for state in way]
    assert ranks == sorted(ranks)
    assert len(set(ranks)) == len(ranks)


@given(st.permutations([TaskState.SELECTED, TaskState.VOTING, TaskState.REFERRED, TaskState.CLOSED_BELOW]))
def test_state_does_not_depend_on_the_order_of_hearing(states: list[TaskState]) -> None:
    """P15: topics aren't ordered against each other, so the furthest step counts, not the last received."""
    assert furthest(states) is TaskState.REFERRED


def test_nothing_heard_yet() -> None:
    """P15: a task that nobody said anything about was selected."""
    assert furthest([]) is TaskState.SELECTED


FACTS = [
    fact("a", at=AT, source="committee", version=2),
    fact("b", at=AT, source="committee", version=10),
    fact("c", at=AT, source="voting", version=1),
    fact("d", at=AT + timedelta(microseconds=1), source="committee", version=1),
]


@given(st.permutations(FACTS))
def test_facts_are_read_in_one_order(received: list[Fact]) -> None:
    """P14: by time, then source, then version as a number, however they came in."""
    assert in_order(received) == FACTS
