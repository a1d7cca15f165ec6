"""E1 to E5: an initiative opens once and moves as the table allows; every delay is kept."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest

from evaluation.domain import lifecycle
from evaluation.domain.initiative import MOVES, Initiative, Milestone, Move, MoveNotAllowed, State, after
from evaluation.domain.lifecycle import Directive, NewDateNotLater, NotAdopting
from evaluation.domain.milestone import (
    MilestoneAlreadyReached,
    MilestoneInThePast,
    NoSuchMilestone,
    NotUnderWay,
    plan_milestone,
    reach_milestone,
)
from evaluation.domain.reasons import UnknownReason
from townhall.contracts.values import ActedBy, DirectiveId, MilestoneId, Outcome, TaskId
from townhall.rejected import Rejected

AT = datetime(2027, 3, 1, 9, tzinfo=UTC)
DUE = date(2027, 6, 30)
DIRECTIVE = Directive(
    DirectiveId(UUID(int=1)), TaskId(UUID(int=2)), "심야 버스 · Night buses", "국토교통부", DUE, Outcome.ADOPTED
)
OPENED = lifecycle.open_initiative(DIRECTIVE, AT)
MILESTONE = Milestone(MilestoneId(UUID(int=3)), "노선 확정", DUE, AT)


def initiative_in(state: State) -> Initiative:
    """Return an initiative in this state."""
    return replace(OPENED, state=state)


@pytest.mark.parametrize("move", Move)
@pytest.mark.parametrize("state", State)
def test_moves(state: State, move: Move) -> None:
    """E2: exactly these moves are allowed."""
    allowed = {
        ("planned", "start"): "started",
        ("planned", "delay"): "planned",
        ("planned", "drop"): "dropped",
        ("started", "delay"): "delayed",
        ("started", "complete"): "done",
        ("started", "drop"): "dropped",
        ("delayed", "delay"): "delayed",
        ("delayed", "complete"): "done",
        ("delayed", "drop"): "dropped",
        ("done", "verify"): "verified",
        ("dropped", "verify"): "verified",
        ("verified", "evaluate"): "evaluated",
    }
    if (state, move) in allowed:
        assert after(state, move) == allowed[state, move]
    else:
        with pytest.raises(MoveNotAllowed):
            after(state, move)


def test_table_is_complete() -> None:
    """E2: every state is in the table."""
    assert set(MOVES) == set(State)


@pytest.mark.parametrize("outcome", [Outcome.RETURNED, Outcome.DEFERRED])
def test_not_adopted(outcome: Outcome) -> None:
    """E1: a directive that doesn't adopt opens nothing."""
    with pytest.raises(NotAdopting):
        lifecycle.open_initiative(replace(DIRECTIVE, outcome=outcome), AT)


def test_same_directive_same_initiative() -> None:
    """E1: a replayed directive gives its initiative the same id; another directive gives another one."""
    again = lifecycle.open_initiative(DIRECTIVE, AT + timedelta(days=9))
    other = lifecycle.open_initiative(replace(DIRECTIVE, id=DirectiveId(UUID(int=9))), AT)
    assert again.id == OPENED.id
    assert other.id != OPENED.id


@pytest.mark.parametrize(
    ("due_on", "today"),
    [
        (DUE, DUE - timedelta(days=9)),
        (DUE - timedelta(days=1), DUE - timedelta(days=9)),
        (DUE + timedelta(days=5), DUE + timedelta(days=6)),
    ],
)
def test_new_date_is_later(due_on: date, today: date) -> None:
    """E3: the same date, an earlier one, and one that has passed are refused."""
    with pytest.raises(NewDateNotLater):
        lifecycle.delay(initiative_in(State.STARTED), "budget", "", due_on, today=today, at=AT)


def test_delays_are_kept() -> None:
    """E3: each delay records the dates, the reason and the role; a second one is added to the first."""
    first = lifecycle.delay(initiative_in(State.STARTED), "budget", "예산", DUE + timedelta(days=1), today=DUE, at=AT)
    second = lifecycle.delay(first, "procurement", "", DUE + timedelta(days=8), today=DUE, at=AT)
    assert [(each.reason, each.was_due_on, each.due_on) for each in second.delays] == [
        ("budget", DUE, DUE + timedelta(days=1)),
        ("procurement", DUE + timedelta(days=1), DUE + timedelta(days=8)),
    ]
    assert {each.acted_by for each in second.delays} == {ActedBy.AGENCY}
    assert (second.state, second.due_on) == (State.DELAYED, DUE + timedelta(days=8))


def test_reasons_are_published() -> None:
    """E3: a reason that is not on the list of this step is refused."""
    with pytest.raises(UnknownReason):
        lifecycle.delay(initiative_in(State.STARTED), "superseded", "", DUE + timedelta(days=1), today=DUE, at=AT)
    with pytest.raises(UnknownReason):
        lifecycle.drop(initiative_in(State.STARTED), "procurement", "", AT)


@pytest.mark.parametrize(
    ("state", "today", "overdue_for", "expected"),
    [
        (State.PLANNED, DUE, None, False),
        (State.PLANNED, DUE + timedelta(days=1), None, True),
        (State.STARTED, DUE + timedelta(days=1), None, True),
        (State.DELAYED, DUE + timedelta(days=1), DUE - timedelta(days=30), True),
        (State.DELAYED, DUE + timedelta(days=1), DUE, False),
        (State.DONE, DUE + timedelta(days=1), None, False),
        (State.DROPPED, DUE + timedelta(days=1), None, False),
    ],
)
def test_overdue(state: State, today: date, overdue_for: date | None, *, expected: bool) -> None:
    """E4: overdue from the day after the due date, until announced, and only while completion is owed."""
    initiative = replace(initiative_in(state), overdue_for=overdue_for)
    assert lifecycle.overdue(initiative, today) is expected


@pytest.mark.parametrize("state", [State.DONE, State.DROPPED, State.VERIFIED, State.EVALUATED])
def test_milestones_end_with_the_report(state: State) -> None:
    """E5: no milestone is planned or reached after the responsible body's report."""
    with pytest.raises(NotUnderWay):
        plan_milestone(initiative_in(state), MILESTONE, today=DUE)
    with pytest.raises(NotUnderWay):
        reach_milestone(replace(initiative_in(state), milestones=(MILESTONE,)), MILESTONE.id, "", AT)


def test_milestone_is_planned_for_today_or_later() -> None:
    """E5: a milestone can't be planned for a past day."""
    assert plan_milestone(OPENED, MILESTONE, today=DUE).milestones == (MILESTONE,)
    with pytest.raises(MilestoneInThePast):
        plan_milestone(OPENED, MILESTONE, today=DUE + timedelta(days=1))


def test_milestone_is_reached_once() -> None:
    """E5: a second report of a milestone is refused."""
    planned = plan_milestone(OPENED, MILESTONE, today=DUE)
    reached = reach_milestone(planned, MILESTONE.id, "네 노선", AT)
    assert (reached.reached_at, reached.note) == (AT, "네 노선")
    with pytest.raises(MilestoneAlreadyReached):
        reach_milestone(replace(planned, milestones=(reached,)), MILESTONE.id, "", AT)
    with pytest.raises(NoSuchMilestone):
        reach_milestone(planned, MilestoneId(UUID(int=99)), "", AT)


def test_a_report_is_verified() -> None:
    """E2: the report and its verification are kept, each with the role that acted."""
    dropped = lifecycle.drop(initiative_in(State.PLANNED), "superseded", "다른 사업", AT)
    verified = lifecycle.verify(dropped, "확인", AT)
    assert verified.report is not None
    assert verified.verification is not None
    assert (verified.report.outcome, verified.report.reason) == (State.DROPPED, "superseded")
    assert (verified.state, verified.verification.acted_by) == (State.VERIFIED, ActedBy.OFFICER)


def test_refusals_name_their_rule() -> None:
    """Every refusal of this service has its own code and, unless it is a 404, a rule number."""
    own = [kind for kind in _subclasses(Rejected) if kind.__module__.startswith("evaluation.")]
    assert len({kind.code for kind in own}) == len(own)
    assert all(kind.rule.startswith("E") for kind in own if kind.status != 404)


def _subclasses(kind: type[Rejected]) -> list[type[Rejected]]:
    return [kind, *(each for child in kind.__subclasses__() for each in _subclasses(child))]
