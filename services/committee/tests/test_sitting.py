"""The rules of sittings (C4 to C6, C11), to the microsecond, without a database."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from committee.domain import sitting as sittings
from committee.domain.sitting import NoQuorum, SittingElsewhere, SittingInPast, SittingNotDue, SittingState
from services.committee.tests.samples import NOON, RULE, a_sitting
from townhall.rejected import Rejected

TICK = timedelta(microseconds=1)
EARLIEST = NOON - RULE.early


def test_called_for_a_future_time() -> None:
    """C4, C11: the time of a new sitting must be later than now; it lapses `lapse_hours` after that time."""
    called = sittings.call(a_sitting(), RULE, version=7, at=NOON - TICK)
    assert (called.ends_at, called.rule_version) == (NOON + RULE.lapse_period, 7)
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
    """C5: members attend from `early_hours` before the sitting until its end."""
    if refusal is None:
        sittings.attend(a_sitting(state=state), RULE, at=at)
    else:
        with pytest.raises(refusal):
            sittings.attend(a_sitting(state=state), RULE, at=at)


@pytest.mark.parametrize(
    ("changed", "at", "refusal"),
    [
        ({"present": 2}, NOON, NoQuorum),
        ({"present": 3}, EARLIEST - TICK, SittingNotDue),
        ({"present": 3, "state": SittingState.OPEN}, NOON, SittingElsewhere),
        ({"present": 3, "state": SittingState.LAPSED}, NOON, SittingElsewhere),
    ],
)
def test_refused_opening(changed: dict[str, Any], at: datetime, refusal: type[Rejected]) -> None:
    """C5, C6, C16: each rule refuses on its own."""
    with pytest.raises(refusal):
        sittings.open_sitting(a_sitting(**changed), RULE, version=1, at=at)


def test_opened_with_exactly_the_quorum() -> None:
    """C6, C11: an opened sitting keeps the rule version and is closed after `longest_sitting_hours`."""
    opened = sittings.open_sitting(a_sitting(present=3), RULE, version=4, at=NOON)
    assert (opened.state, opened.rule_version, opened.ends_at) == (SittingState.OPEN, 4, NOON + RULE.longest_sitting)


def test_end() -> None:
    """C11: an open sitting is closed, one that was never opened lapses."""
    assert sittings.end(a_sitting(state=SittingState.OPEN)).state is SittingState.CLOSED
    assert sittings.end(a_sitting()).state is SittingState.LAPSED
