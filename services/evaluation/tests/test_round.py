"""E8 to E14: opening, applying, drawing and ending of a round."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from evaluation.domain import panel, panel_draw
from evaluation.domain import round as rounds
from evaluation.domain.initiative import State
from evaluation.domain.panel import ApplicationsClosed, ApplicationsStillOpen, TooFewApplicants, UnknownStratum
from evaluation.domain.panel_draw import SeedMismatch, Ticket
from evaluation.domain.reasons import UnknownReason
from evaluation.domain.round import (
    MOVES,
    ClosingNotAhead,
    NotReadyForEvaluation,
    PanelTooSmall,
    Round,
    RoundMove,
    RoundMoveNotAllowed,
    RoundState,
    after,
)
from services.evaluation.tests.samples import parameters
from townhall.contracts.values import InitiativeId, RoundId, RuleUsed
from townhall.rejected import Rejected

AT = datetime(2027, 7, 1, 9, tzinfo=UTC)
CLOSE = AT + timedelta(days=14)
PARAMETERS = parameters(minimum_scores=3)
SEED = "공정한 추첨"
ROUND = Round(
    id=RoundId(UUID(int=1)),
    title="2027년 국민평가",
    initiative_ids=(InitiativeId(UUID(int=2)),),
    panel_size=3,
    seed_commitment=panel_draw.sha256(SEED),
    applications_close_at=CLOSE,
    opened_at=AT,
    rule=RuleUsed(version=1, article="제1조"),
)
TICKET = Ticket("00", "서울", "20-39", "female")
FRAME = [replace(TICKET, ticket=f"{number:02}") for number in range(5)]


@pytest.mark.parametrize("move", RoundMove)
@pytest.mark.parametrize("state", RoundState)
def test_moves(state: RoundState, move: RoundMove) -> None:
    """E12: exactly these moves are allowed."""
    allowed = {
        ("applying", "draw"): "scoring",
        ("applying", "cancel"): "cancelled",
        ("scoring", "publish"): "published",
        ("scoring", "cancel"): "cancelled",
    }
    if (state, move) in allowed:
        assert after(state, move) == allowed[state, move]
    else:
        with pytest.raises(RoundMoveNotAllowed):
            after(state, move)


def test_table_is_complete() -> None:
    """E12: every state is in the table."""
    assert set(MOVES) == set(RoundState)


@pytest.mark.parametrize("state", [State.PLANNED, State.STARTED, State.DELAYED, State.DROPPED, State.EVALUATED])
def test_initiatives_must_be_done(state: State) -> None:
    """E8: a round with an initiative that is neither done nor verified is refused."""
    with pytest.raises(NotReadyForEvaluation):
        rounds.open_round(ROUND, [State.VERIFIED, state], PARAMETERS)


@pytest.mark.parametrize(
    ("new", "rule"),
    [(replace(ROUND, applications_close_at=AT), ClosingNotAhead), (replace(ROUND, panel_size=2), PanelTooSmall)],
)
def test_round_refused(new: Round, rule: type[Rejected]) -> None:
    """E8: each rule refuses by itself."""
    opened = rounds.open_round(ROUND, [State.DONE, State.VERIFIED], PARAMETERS)
    assert opened == replace(ROUND, due_at=CLOSE + timedelta(days=7))
    with pytest.raises(rule):
        rounds.open_round(new, [State.DONE], PARAMETERS)


@pytest.mark.parametrize(
    ("current", "ticket", "at", "rule"),
    [
        (ROUND, TICKET, CLOSE, ApplicationsClosed),
        (replace(ROUND, state=RoundState.SCORING), TICKET, AT, ApplicationsClosed),
        (replace(ROUND, state=RoundState.CANCELLED), TICKET, AT, ApplicationsClosed),
        (ROUND, replace(TICKET, region="평양"), AT, UnknownStratum),
        (ROUND, replace(TICKET, age_band="20"), AT, UnknownStratum),
        (ROUND, replace(TICKET, sex="서울"), AT, UnknownStratum),
    ],
)
def test_application_refused(current: Round, ticket: Ticket, at: datetime, rule: type[Rejected]) -> None:
    """E9: too late, to the microsecond, or with a stratum that is not listed."""
    assert panel.apply(ROUND, TICKET, PARAMETERS, CLOSE - timedelta(microseconds=1)) == TICKET
    with pytest.raises(rule):
        panel.apply(current, ticket, PARAMETERS, at)


@pytest.mark.parametrize(
    ("changed", "rule"),
    [
        ({"at": CLOSE - timedelta(microseconds=1)}, ApplicationsStillOpen),
        ({"seed": "다른 시드"}, SeedMismatch),
        ({"frame": FRAME[:2]}, TooFewApplicants),
        ({"current": replace(ROUND, state=RoundState.SCORING)}, RoundMoveNotAllowed),
    ],
)
def test_draw_refused(changed: dict[str, object], rule: type[Rejected]) -> None:
    """E10: before applications close, with another seed, with too few applicants, or a second time."""
    ordinary = {"current": ROUND, "seed": SEED, "frame": FRAME, "parameters": PARAMETERS, "at": CLOSE}
    with pytest.raises(rule):
        panel.draw(**(ordinary | changed))  # type: ignore[arg-type]  # each case names a field of its own


def test_draw_publishes_seed_and_frame() -> None:
    """E10: the drawn round has the seed and the hash of the frame."""
    drawn_round, drawn = panel.draw(ROUND, SEED, FRAME, PARAMETERS, CLOSE)
    assert (drawn_round.state, drawn_round.seed) == (RoundState.SCORING, SEED)
    assert drawn_round.frame_sha256 == panel_draw.frame_sha256(FRAME)
    assert len(drawn) == 3


def test_cancelled_with_a_reason() -> None:
    """E13: a cancelled round keeps its reason, which must be a published one."""
    ended = rounds.cancel(ROUND, "too-few-applicants", "두 명", CLOSE)
    assert ended.cancellation is not None
    assert (ended.state, ended.cancellation.reason) == (RoundState.CANCELLED, "too-few-applicants")
    with pytest.raises(UnknownReason):
        rounds.cancel(ROUND, "because", "", CLOSE)


def test_overdue() -> None:
    """E14: the draw is due after applications close, the publication after the draw, and nothing after the end."""
    opened = rounds.open_round(ROUND, [State.DONE], PARAMETERS)
    due = CLOSE + timedelta(days=7)
    assert not rounds.overdue(opened, due)
    assert rounds.overdue(opened, due + timedelta(microseconds=1))
    assert not rounds.overdue(replace(opened, overdue_for=due), due + timedelta(days=1))
    drawn, _ = panel.draw(opened, SEED, FRAME, PARAMETERS, due)
    assert drawn.due_at == due + timedelta(days=60)
    assert rounds.publish(drawn, due).due_at is None
    assert rounds.cancel(drawn, "irregularity", "", due).due_at is None
