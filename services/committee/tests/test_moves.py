"""C16: the moves of cases and sittings, as tables."""

import pytest

from committee.domain import case as cases
from committee.domain import sitting as sittings
from committee.domain.case import AWAITED, CaseElsewhere, CaseState
from committee.domain.sitting import SittingElsewhere, SittingState
from services.committee.tests.samples import a_case, a_sitting

CASE_MOVES = {
    "opened": "docketed",
    "docketed": "in-deliberation deferred",
    "in-deliberation": "deliberated deferred",
    "deferred": "docketed",
    "deliberated": "on-agenda",
    "on-agenda": "adopted adopted-with-change returned deliberated",
    "adopted": "",
    "adopted-with-change": "",
    "returned": "",
}
SITTING_MOVES = {"called": "open lapsed", "open": "closed", "closed": "", "lapsed": ""}


@pytest.mark.parametrize("state", CaseState)
@pytest.mark.parametrize("target", CaseState)
def test_moves_of_a_case(state: CaseState, target: CaseState) -> None:
    """C16: each of the 81 pairs of states is an allowed move, or is refused."""
    case = a_case(state=state)
    if target.value in CASE_MOVES[state].split():
        assert case.move_to(target).state is target
    else:
        with pytest.raises(CaseElsewhere):
            case.move_to(target)


@pytest.mark.parametrize("state", SittingState)
@pytest.mark.parametrize("target", SittingState)
def test_moves_of_a_sitting(state: SittingState, target: SittingState) -> None:
    """C16: each of the 16 pairs of states is an allowed move, or is refused."""
    sitting = a_sitting(state=state)
    if target.value in SITTING_MOVES[state].split():
        assert sitting.move_to(target).state is target
    else:
        with pytest.raises(SittingElsewhere):
            sitting.move_to(target)


def test_every_state_is_reachable() -> None:
    """C16, C17: every state is reachable from `opened`, and is final, at a sitting, or waiting for something."""
    reached, to_visit = {CaseState.OPENED}, [CaseState.OPENED]
    while to_visit:
        new = cases.MOVES[to_visit.pop()] - reached
        reached |= new
        to_visit += new
    assert reached == set(CaseState)
    ends = {state for state, moves in cases.MOVES.items() if not moves}
    assert set(CaseState) - ends - set(AWAITED) == {CaseState.DOCKETED, CaseState.IN_DELIBERATION}


def test_the_tables_are_complete() -> None:
    """C16: every state has an entry in its table."""
    assert set(cases.MOVES) == set(CaseState)
    assert set(sittings.MOVES) == set(SittingState)


def test_one_case_id_per_task() -> None:
    """C1: the id of the case follows from the task."""
    task = a_case().task_id
    assert cases.case_id_of(task) == cases.case_id_of(task)
    assert cases.case_id_of(task) != cases.case_id_of(a_case().task_id)
