"""E1 to E5: an initiative opens once, moves as the table says, and every delay stays."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest

from evaluation.domain import delivery
from evaluation.domain.delivery import (
    Directive,
    MilestoneAlreadyReached,
    MilestoneInThePast,
    NewDateNotLater,
    NoSuchMilestone,
    NotAdopting,
    NotUnderWay,
)
from evaluation.domain.initiative import MOVES, Initiative, Milestone, Move, MoveNotAllowed, State, after
from evaluation.domain.reasons import UnknownReason
from townhall.contracts.values import ActedBy, DirectiveId, MilestoneId, Outcome, TaskId
from townhall.rejected import Rejected

AT = datetime(2027, 3, 1, 9, tzinfo=UTC)
DUE = date(2027, 6, 30)
DIRECTIVE = Directive(
    DirectiveId(UUID(int=1)), TaskId(UUID(int=2)), "심야 버스 · Night buses", "국토교통부", DUE, Outcome.ADOPTED
)
OPENED = delivery.open_initiative(DIRECTIVE, AT)
MILESTONE = Milestone(MilestoneId(UUID(int=3)), "노선 확정", DUE, AT)


def made(state: State) -> Initiative:
    """An initiative in that state."""
    return replace(OPENED, state=state)


@pytest.mark.parametrize("move", Move)
@pytest.mark.parametrize("state", State)
def test_moves(state: State, move: Move) -> None:
    """E2: planned, started, delayed again and again, done or dropped, verified, evaluated; and nothing else."""
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


def test_table_is_whole() -> None:
    """E2: every state stands in the table."""
    assert set(MOVES) == set(State)


@pytest.mark.parametrize("outcome", [Outcome.RETURNED, Outcome.DEFERRED])
def test_not_adopted(outcome: Outcome) -> None:
    """E1: what was not adopted opens nothing."""
    with pytest.raises(NotAdopting):
        delivery.open_initiative(replace(DIRECTIVE, outcome=outcome), AT)


def test_same_directive_same_initiative() -> None:
    """E1: a replayed directive gives its initiative the same id again, another directive another one."""
    again = delivery.open_initiative(DIRECTIVE, AT + timedelta(days=9))
    other = delivery.open_initiative(replace(DIRECTIVE, id=DirectiveId(UUID(int=9))), AT)
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
    """E3: the same date, an earlier one, and one already past are refused."""
    with pytest.raises(NewDateNotLater):
        delivery.delay(made(State.STARTED), "budget", "", due_on, today=today, at=AT)


def test_delays_are_kept() -> None:
    """E3: each delay shows what it moved, why, who and when; the second stands beside the first."""
    once = delivery.delay(made(State.STARTED), "budget", "예산", DUE + timedelta(days=1), today=DUE, at=AT)
    twice = delivery.delay(once, "procurement", "", DUE + timedelta(days=8), today=DUE, at=AT)
    assert [(kept.reason, kept.was_due_on, kept.due_on) for kept in twice.delays] == [
        ("budget", DUE, DUE + timedelta(days=1)),
        ("procurement", DUE + timedelta(days=1), DUE + timedelta(days=8)),
    ]
    assert {kept.acted_by for kept in twice.delays} == {ActedBy.AGENCY}
    assert (twice.state, twice.due_on) == (State.DELAYED, DUE + timedelta(days=8))


def test_reasons_are_published() -> None:
    """E3: a reason that is on no list is refused, also one of another step."""
    with pytest.raises(UnknownReason):
        delivery.delay(made(State.STARTED), "superseded", "", DUE + timedelta(days=1), today=DUE, at=AT)
    with pytest.raises(UnknownReason):
        delivery.drop(made(State.STARTED), "procurement", "", AT)


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
    """E4: overdue from the day after the due date, once for each due date, and only while completion is owed."""
    initiative = replace(made(state), overdue_for=overdue_for)
    assert delivery.overdue(initiative, today) is expected


@pytest.mark.parametrize("state", [State.DONE, State.DROPPED, State.VERIFIED, State.EVALUATED])
def test_milestones_end_with_the_report(state: State) -> None:
    """E5: nothing is planned or reached after the responsible body's last word."""
    with pytest.raises(NotUnderWay):
        delivery.plan_milestone(made(state), MILESTONE, today=DUE)
    with pytest.raises(NotUnderWay):
        delivery.reach_milestone(replace(made(state), milestones=(MILESTONE,)), MILESTONE.id, "", AT)


def test_milestone_is_planned_for_today_or_later() -> None:
    """E5: a step whose day is past was never planned."""
    assert delivery.plan_milestone(OPENED, MILESTONE, today=DUE).milestones == (MILESTONE,)
    with pytest.raises(MilestoneInThePast):
        delivery.plan_milestone(OPENED, MILESTONE, today=DUE + timedelta(days=1))


def test_milestone_is_reached_once() -> None:
    """E5: the first report stands."""
    planned = delivery.plan_milestone(OPENED, MILESTONE, today=DUE)
    reached = delivery.reach_milestone(planned, MILESTONE.id, "네 노선", AT)
    assert (reached.reached_at, reached.note) == (AT, "네 노선")
    with pytest.raises(MilestoneAlreadyReached):
        delivery.reach_milestone(replace(planned, milestones=(reached,)), MILESTONE.id, "", AT)
    with pytest.raises(NoSuchMilestone):
        delivery.reach_milestone(planned, MilestoneId(UUID(int=99)), "", AT)


def test_a_report_is_verified() -> None:
    """E2: what was reported, by whom and what was found stays readable."""
    dropped = delivery.drop(made(State.PLANNED), "superseded", "다른 사업", AT)
    verified = delivery.verify(dropped, "확인", AT)
    assert verified.report is not None
    assert verified.verification is not None
    assert (verified.report.outcome, verified.report.reason) == (State.DROPPED, "superseded")
    assert (verified.state, verified.verification.acted_by) == (State.VERIFIED, ActedBy.OFFICER)


def test_refusals_name_their_rule() -> None:
    """Every refusal of this service has a public code and, unless something is missing, a rule of the rulebook."""
    mine = [kind for kind in _leaves(Rejected) if kind.__module__.startswith("evaluation.")]
    assert len({kind.code for kind in mine}) == len(mine)
    assert all(kind.rule.startswith("E") for kind in mine if kind.status != 404)


def _leaves(kind: type[Rejected]) -> list[type[Rejected]]:
    return [kind, *(leaf for child in kind.__subclasses__() for leaf in _leaves(child))]
