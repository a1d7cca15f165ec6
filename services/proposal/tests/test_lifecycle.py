"""The states of a proposal and the moves between them."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proposal.domain.lifecycle import MOVES, Move, MoveNotAllowed, State, next_state

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
    """Return the cells of the table above: state, move, and the state it leads to or `-`."""
    head, *lines = [line.split() for line in TABLE.strip().splitlines()]
    return [(State(line[0]), Move(move), cell) for line in lines for move, cell in zip(head, line[1:], strict=True)]


def test_table_is_complete() -> None:
    """P3: the table has a cell for every state and move, and `MOVES` has every state."""
    assert {(state, move) for state, move, _ in cells()} == set(itertools.product(State, Move))
    assert set(MOVES) == set(State)


@pytest.mark.parametrize(("state", "move", "cell"), cells())
def test_move(state: State, move: Move, cell: str) -> None:
    """P3: a move leads to the state in its cell, and is refused where the cell is `-`."""
    if cell == "-":
        with pytest.raises(MoveNotAllowed):
            next_state(state, move)
    else:
        assert next_state(state, move) == State(cell)


@given(st.lists(st.sampled_from(Move), max_size=12))
def test_a_final_state_is_final(moves: list[Move]) -> None:
    """P3: no sequence of moves leads out of a final state."""
    state, final = State.SCREENING, False
    for move in moves:
        try:
            state = next_state(state, move)
        except MoveNotAllowed:
            continue
        assert not final
        final = not MOVES[state]
