"""When a vote is open, and under which version of the rules (V1, V2)."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from townhall.contracts.values import TaskId
from voting.domain.vote import EmptyPeriod, State, Terms, Vote, VoteNotOpen, closed, opened, schedule, terms_at

OPENS = datetime(2026, 3, 1, 9, tzinfo=UTC)
CLOSES = OPENS + timedelta(days=30)
TERMS = Terms(version=1, article="제5조", more_than=2, ballots_changeable=True)
SCHEDULED = Vote(
    TaskId(UUID(int=1)), "골목길 조명", State.SCHEDULED, OPENS, CLOSES, scheduled_at=OPENS - timedelta(days=7)
)
OPEN = opened(SCHEDULED, TERMS)
CLOSED = closed(OPEN)
TICK = timedelta(microseconds=1)


@pytest.mark.parametrize(
    ("vote", "at", "is_open"),
    [
        (SCHEDULED, OPENS, False),
        (OPEN, OPENS - TICK, False),
        (OPEN, OPENS, True),
        (OPEN, CLOSES - TICK, True),
        (OPEN, CLOSES, False),
        (CLOSED, CLOSES - TICK, False),
    ],
)
def test_ballots_are_accepted_only_while_the_vote_is_open(vote: Vote, at: datetime, *, is_open: bool) -> None:
    """V1: to the microsecond, and only in state `open`."""
    if is_open:
        assert terms_at(vote, at) == TERMS
    else:
        with pytest.raises(VoteNotOpen):
            terms_at(vote, at)


@pytest.mark.parametrize("closes_at", [OPENS, OPENS - TICK])
def test_an_empty_period_is_refused(closes_at: datetime) -> None:
    """V1: a vote must close after it opens."""
    with pytest.raises(EmptyPeriod):
        schedule(SCHEDULED.task_id, SCHEDULED.title, OPENS, closes_at, at=OPENS)


@pytest.mark.parametrize(
    ("scheduled_at", "governed_from"),
    [(OPENS - TICK, OPENS), (OPENS, OPENS), (OPENS + TICK, OPENS + TICK), (CLOSES + TICK, CLOSES + TICK)],
)
def test_the_time_whose_rule_applies(scheduled_at: datetime, governed_from: datetime) -> None:
    """V2: the rule in force at a recorded time applies, however late the timer opens the vote."""
    vote = schedule(SCHEDULED.task_id, SCHEDULED.title, OPENS, CLOSES, at=scheduled_at)
    assert vote.governed_from == governed_from


MOVES = [
    (SCHEDULED, True, False),
    (OPEN, False, True),
    (CLOSED, False, False),
]


@pytest.mark.parametrize(("vote", "may_open", "may_close"), MOVES)
def test_moves(vote: Vote, *, may_open: bool, may_close: bool) -> None:
    """V1, V2: scheduled, open, closed, each once; opening again would replace the terms."""
    moves: list[tuple[Callable[[Vote], Vote], bool]] = [
        (lambda vote: opened(vote, TERMS), may_open),
        (closed, may_close),
    ]
    for move, allowed in moves:
        if allowed:
            assert move(vote).state is not vote.state
        else:
            with pytest.raises(VoteNotOpen):
                move(vote)
