"""C13-C15: strategy meetings, outcomes and directives, each rule alone."""

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


def test_called_for_later_only() -> None:
    """C13: a meeting starts after it is called."""
    assert meetings.call(MEETING, at=NOON - TICK) == MEETING
    with pytest.raises(MeetingInPast):
        meetings.call(MEETING, at=NOON)


def test_held_when_near() -> None:
    """C14: outcomes are recorded when the meeting is near or past; from then its agenda takes nothing more."""
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
    """C14, C15: an adopted task is given to somebody with a date ahead; nothing else is."""
    if isinstance(result, CaseState):
        assert meetings.end_of(outcome, mandate, on=TODAY) is result
    else:
        with pytest.raises(result):
            meetings.end_of(outcome, mandate, on=TODAY)
