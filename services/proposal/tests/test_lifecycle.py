"""The states of a proposal and the moves between them."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proposal.domain.lifecycle import MOVES, Move, MoveNotAllowed, State, after

TABLE = """
                    admit     reject    request-revision    transfer     merge   resubmit   withdraw
screening           admitted  rejected  revision-requested  transferred  merged  -          withdrawn
revision-requested  -         -         -                   -            -       screening  withdrawn
admitted            -         -         -                   -            -       -          withdrawn
rejected            -         -         -                   -            -       -          -
transferred         -         -         -                   -            -       -          -
merged              -         -         -                   -            -       -          -
withdrawn           -         -         -                   -            -       -          -
"""


def cells() -> list[tuple[State, Move, str]]:
    """The table above, one cell at a time."""
    head, *lines = [line.split() for line in TABLE.strip().splitlines()]
    return [(State(line[0]), Move(move), cell) for line in lines for move, cell in zip(head, line[1:], strict=True)]


def test_table_is_whole() -> None:
    """P3: every state meets every move in the table, so nothing is left to chance."""
    assert {(state, move) for state, move, _ in cells()} == set(itertools.product(State, Move))
    assert set(MOVES) == set(State)


@pytest.mark.parametrize(("state", "move", "cell"), cells())
def test_move(state: State, move: Move, cell: str) -> None:
    """P3: a move leads where the table says, and is refused where it says nothing."""
    if cell == "-":
        with pytest.raises(MoveNotAllowed):
            after(state, move)
    else:
        assert after(state, move) == State(cell)


@given(st.lists(st.sampled_from(Move), max_size=12))
def test_what_ended_stays_ended(moves: list[Move]) -> None:
    """P3: whatever is tried in whatever order, nothing leads out of a final state."""
    state, ended = State.SCREENING, False
    for move in moves:
        try:
            state = after(state, move)
        except MoveNotAllowed:
            continue
        assert not ended
        ended = not MOVES[state]
