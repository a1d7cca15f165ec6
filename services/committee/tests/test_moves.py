"""C16: the tables of moves, as tables."""

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


@pytest.mark.parametrize("here", CaseState)
@pytest.mark.parametrize("there", CaseState)
def test_a_case_moves_as_the_table_says(here: CaseState, there: CaseState) -> None:
    """Each of the 81 pairs is either allowed and leads there, or refused."""
    standing = a_case(state=here)
    if there.value in CASE_MOVES[here].split():
        assert standing.to(there).state is there
    else:
        with pytest.raises(CaseElsewhere):
            standing.to(there)


@pytest.mark.parametrize("here", SittingState)
@pytest.mark.parametrize("there", SittingState)
def test_a_sitting_moves_as_the_table_says(here: SittingState, there: SittingState) -> None:
    """Each of the 16 pairs is either allowed and leads there, or refused."""
    standing = a_sitting(state=here)
    if there.value in SITTING_MOVES[here].split():
        assert standing.to(there).state is there
    else:
        with pytest.raises(SittingElsewhere):
            standing.to(there)


def test_every_state_is_reached_and_none_waits_unseen() -> None:
    """From `opened` every state can be reached; each either ends, is a sitting's matter, or has something it awaits."""
    reached, to_see = {CaseState.OPENED}, [CaseState.OPENED]
    while to_see:
        new = cases.MOVES[to_see.pop()] - reached
        reached |= new
        to_see += new
    assert reached == set(CaseState)
    ends = {state for state, moves in cases.MOVES.items() if not moves}
    assert set(CaseState) - ends - set(AWAITED) == {CaseState.DOCKETED, CaseState.IN_DELIBERATION}


def test_the_tables_are_whole() -> None:
    """No state is missing from its table."""
    assert set(cases.MOVES) == set(CaseState)
    assert set(sittings.MOVES) == set(SittingState)


def test_one_case_id_per_task() -> None:
    """C1: the id of the case follows from the task."""
    task = a_case().task_id
    assert cases.case_id_of(task) == cases.case_id_of(task)
    assert cases.case_id_of(task) != cases.case_id_of(a_case().task_id)
