"""The rules of strategy meetings, outcomes and directives (C13 to C15), without a database."""

from datetime import date, timedelta
from uuid import uuid4

import pytest

from committee.domain import meeting as meetings
from committee.domain.case import CaseState
from committee.domain.meeting import (
    DirectiveInPast,
    DirectiveMissing,
    DirectiveNotDue,
    Mandate,
    Meeting,
    MeetingInPast,
    MeetingNotDue,
    MeetingState,
)
from services.committee.tests.samples import NOON, RULE
from townhall.contracts.values import MeetingId, Outcome
from townhall.rejected import Rejected

MEETING = Meeting(MeetingId(uuid4()), NOON, 5)
TODAY = date(2026, 3, 2)
MANDATE = Mandate("국토교통부 (Ministry of Land)", "심야 노선을 늘린다.", TODAY)
TICK = timedelta(microseconds=1)


def test_called_for_a_future_time() -> None:
    """C13: the time of a new meeting must be later than now."""
    assert meetings.call(MEETING, at=NOON - TICK) == MEETING
    with pytest.raises(MeetingInPast):
        meetings.call(MEETING, at=NOON)


def test_held_from_the_allowed_time() -> None:
    """C14: outcomes may be recorded from `early_hours` before the meeting."""
    assert meetings.hold(MEETING, RULE, at=NOON - RULE.early).state is MeetingState.HELD
    with pytest.raises(MeetingNotDue):
        meetings.hold(MEETING, RULE, at=NOON - RULE.early - TICK)


@pytest.mark.parametrize(
    ("outcome", "mandate", "result"),
    [
        (Outcome.ADOPTED, MANDATE, CaseState.ADOPTED),
        (Outcome.ADOPTED_WITH_CHANGE, MANDATE, CaseState.ADOPTED_WITH_CHANGE),
        (Outcome.RETURNED, None, CaseState.RETURNED),
        (Outcome.DEFERRED, None, CaseState.DELIBERATED),
        (Outcome.ADOPTED, None, DirectiveMissing),
        (Outcome.ADOPTED_WITH_CHANGE, None, DirectiveMissing),
        (Outcome.RETURNED, MANDATE, DirectiveNotDue),
        (Outcome.DEFERRED, MANDATE, DirectiveNotDue),
        (Outcome.ADOPTED, Mandate("b", "i", TODAY - timedelta(days=1)), DirectiveInPast),
    ],
)
def test_outcome(outcome: Outcome, mandate: Mandate | None, result: CaseState | type[Rejected]) -> None:
    """C14, C15: each outcome leads to its state; only an adopted task has a directive, due today or later."""
    if isinstance(result, CaseState):
        assert meetings.case_state_after(outcome, mandate, on=TODAY) is result
    else:
        with pytest.raises(result):
            meetings.case_state_after(outcome, mandate, on=TODAY)
