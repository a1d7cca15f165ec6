"""The rules of timelines and task states (P14, P15), without a database."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proposal.domain.timeline import (
    STATE_BY_OUTCOME,
    STATE_BY_TYPE,
    Fact,
    TaskState,
    furthest,
    in_order,
    state_shown_by,
)
from townhall.contracts import CATALOGUE
from townhall.contracts.values import Outcome, TaskId

AT = datetime(2026, 3, 2, 9, tzinfo=UTC)


def fact(kind: str, *, at: datetime = AT, source: str = "voting", version: int = 1, **facts: object) -> Fact:
    """Return an event about one task."""
    return Fact(UUID(int=version), TaskId(UUID(int=9)), source, version, at, kind, facts)


def test_the_tables_name_existing_types_and_outcomes() -> None:
    """P15: every event type in the table is in the catalogue, and every outcome has a state."""
    assert set(STATE_BY_TYPE) <= set(CATALOGUE)
    assert set(STATE_BY_OUTCOME) == set(Outcome)


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
def test_state_shown_by_an_event(received: Fact, state: TaskState) -> None:
    """P15: an event shows the state of its type or outcome; any other event shows `selected`."""
    assert state_shown_by(received) is state


def test_the_usual_states_of_a_task_have_rising_ranks() -> None:
    """P15: a task that goes from selection to evaluation never seems to move back."""
    states = ["selected", "voting", "threshold-reached", "docketed", "in-deliberation", "deliberated", "on-agenda"]
    states += ["adopted", "delivering", "done", "verified", "evaluated"]
    ranks = [TaskState(state).rank for state in states]
    assert ranks == sorted(ranks)
    assert len(set(ranks)) == len(ranks)


@given(st.permutations([TaskState.SELECTED, TaskState.VOTING, TaskState.REFERRED, TaskState.CLOSED_BELOW]))
def test_state_does_not_depend_on_the_order_of_delivery(states: list[TaskState]) -> None:
    """P15: topics aren't ordered against each other, so the furthest state counts, not the last one received."""
    assert furthest(states) is TaskState.REFERRED


def test_state_before_any_event() -> None:
    """P15: a task without events is in the state `selected`."""
    assert furthest([]) is TaskState.SELECTED


FACTS = [
    fact("a", at=AT, source="committee", version=2),
    fact("b", at=AT, source="committee", version=10),
    fact("c", at=AT, source="voting", version=1),
    fact("d", at=AT + timedelta(microseconds=1), source="committee", version=1),
]


@given(st.permutations(FACTS))
def test_facts_have_one_order(received: list[Fact]) -> None:
    """P14: by time, then source, then version as a number, whatever the order of delivery."""
    assert in_order(received) == FACTS
