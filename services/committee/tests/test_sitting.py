"""C4-C6, C11: a sitting, to the microsecond."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from committee.domain import sitting as sittings
from committee.domain.sitting import NoQuorum, SittingElsewhere, SittingInPast, SittingNotDue, SittingState
from services.committee.tests.samples import NOON, RULE, a_sitting
from townhall.rejected import Rejected

TICK = timedelta(microseconds=1)
EARLIEST = NOON - RULE.early


def test_called_for_later_only() -> None:
    """C4, C11: a sitting starts after it is called, and lapses a while after its time."""
    called = sittings.call(a_sitting(), RULE, version=7, at=NOON - TICK)
    assert (called.ends_at, called.rule_version) == (NOON + RULE.lapse, 7)
    with pytest.raises(SittingInPast):
        sittings.call(a_sitting(), RULE, version=7, at=NOON)


@pytest.mark.parametrize(
    ("state", "at", "refusal"),
    [
        (SittingState.CALLED, EARLIEST, None),
        (SittingState.OPEN, NOON + timedelta(hours=2), None),
        (SittingState.CALLED, EARLIEST - TICK, SittingNotDue),
        (SittingState.CLOSED, NOON, SittingElsewhere),
        (SittingState.LAPSED, NOON, SittingElsewhere),
    ],
)
def test_attendance(state: SittingState, at: datetime, refusal: type[Rejected] | None) -> None:
    """C5: members come when the sitting is near or open, not weeks before and not after."""
    if refusal is None:
        sittings.attend(a_sitting(state=state), RULE, at=at)
    else:
        with pytest.raises(refusal):
            sittings.attend(a_sitting(state=state), RULE, at=at)


@pytest.mark.parametrize(
    ("facts", "at", "refusal"),
    [
        ({"present": 2}, NOON, NoQuorum),
        ({"present": 3}, EARLIEST - TICK, SittingNotDue),
        ({"present": 3, "state": SittingState.OPEN}, NOON, SittingElsewhere),
        ({"present": 3, "state": SittingState.LAPSED}, NOON, SittingElsewhere),
    ],
)
def test_not_opened(facts: dict[str, Any], at: datetime, refusal: type[Rejected]) -> None:
    """C5, C6: each rule refuses alone."""
    with pytest.raises(refusal):
        sittings.open_with(a_sitting(**facts), RULE, version=1, at=at)


def test_opened_with_exactly_the_quorum() -> None:
    """C6, C11: the version of the rules is kept, and the sitting can't stay open for ever."""
    opened = sittings.open_with(a_sitting(present=3), RULE, version=4, at=NOON)
    assert (opened.state, opened.rule_version, opened.ends_at) == (SittingState.OPEN, 4, NOON + RULE.longest_sitting)


def test_its_time_over() -> None:
    """C11: what was opened closes, what wasn't lapses."""
    assert sittings.end(a_sitting(state=SittingState.OPEN)).state is SittingState.CLOSED
    assert sittings.end(a_sitting()).state is SittingState.LAPSED
