"""Evaluation rounds: opened with a committed seed, then drawn, scored, and published or cancelled."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, Literal

from evaluation.domain import reasons
from evaluation.domain.initiative import State as InitiativeState
from evaluation.domain.parameters import Parameters
from townhall.contracts.values import ActedBy, InitiativeId, RoundId, RuleUsed
from townhall.rejected import NotFound, Rejected


class RoundState(StrEnum):
    """The state of a round."""

    APPLYING = "applying"
    SCORING = "scoring"
    PUBLISHED = "published"
    CANCELLED = "cancelled"


class RoundMove(StrEnum):
    """What can happen to an open round."""

    DRAW = "draw"
    PUBLISH = "publish"
    CANCEL = "cancel"


MOVES: Final[Mapping[RoundState, Mapping[RoundMove, RoundState]]] = {
    RoundState.APPLYING: {RoundMove.DRAW: RoundState.SCORING, RoundMove.CANCEL: RoundState.CANCELLED},
    RoundState.SCORING: {RoundMove.PUBLISH: RoundState.PUBLISHED, RoundMove.CANCEL: RoundState.CANCELLED},
    RoundState.PUBLISHED: {},
    RoundState.CANCELLED: {},
}
"""The allowed moves (E12). So a panel is drawn once, and results are published once."""

AWAITED: Final[Mapping[RoundState, Literal["draw", "publication"]]] = {
    RoundState.APPLYING: "draw",
    RoundState.SCORING: "publication",
}
"""The step that is due next in each state."""

READY: Final = frozenset({InitiativeState.DONE, InitiativeState.VERIFIED})
"""The states in which an initiative can be put into a round. Publication requires verification in addition (E7)."""


class NoSuchRound(NotFound):
    """There is no round with that id."""

    code = "no-such-round"
    title = "There is no evaluation round under this id."


class UnknownInitiative(Rejected):
    """An initiative of a new round does not exist."""

    code = "unknown-initiative"
    rule = "E8"
    status = 422
    title = "One of the initiatives does not exist."


class InitiativeInAnotherRound(Rejected):
    """An initiative of a new round is in another round that was not cancelled."""

    code = "initiative-in-another-round"
    rule = "E8"
    title = "One of the initiatives is already part of another round."


class NotReadyForEvaluation(Rejected):
    """A round can't be opened for an initiative whose state is not `done` or `verified`."""

    code = "initiative-not-ready-for-evaluation"
    rule = "E8"
    title = "A round is opened only for initiatives that are done or verified."


class ClosingNotAhead(Rejected):
    """The closing time of applications has passed already."""

    code = "closing-not-ahead"
    rule = "E8"
    status = 422
    title = "Applications must close in the future."


class PanelTooSmall(Rejected):
    """The panel has fewer seats than the number of scores an initiative needs."""

    code = "panel-too-small"
    rule = "E8"
    status = 422
    title = "The panel is smaller than the number of scores the rule requires."


class RoundMoveNotAllowed(Rejected):
    """The state of the round doesn't allow this move."""

    code = "round-not-in-that-state"
    rule = "E12"
    title = "The state of the round does not allow this step."


@dataclass(frozen=True, slots=True)
class NewRound:
    """A round that the secretary wants to open."""

    title: str
    initiative_ids: tuple[InitiativeId, ...]
    panel_size: int | None
    """None for the number of the rule."""
    seed_commitment: str
    applications_close_at: datetime


@dataclass(frozen=True, slots=True)
class Cancellation:
    """Why a round ended without results."""

    reason: str
    note: str
    acted_by: ActedBy
    at: datetime


@dataclass(frozen=True, slots=True)
class Round:
    """One evaluation of initiatives, by a drawn panel and by all other citizens."""

    id: RoundId
    title: str
    initiative_ids: tuple[InitiativeId, ...]
    panel_size: int
    seed_commitment: str
    applications_close_at: datetime
    opened_at: datetime
    rule: RuleUsed
    """The rule in force at the opening. It applies until the publication, whatever is enacted meanwhile."""
    state: RoundState = RoundState.APPLYING
    due_at: datetime | None = None
    """When the draw, then the publication, is due; None when the round has ended."""
    overdue_for: datetime | None = None
    """The due time that was last announced as passed."""
    seed: str | None = None
    frame_sha256: str | None = None
    published_at: datetime | None = None
    cancellation: Cancellation | None = None


def after(state: RoundState, move: RoundMove) -> RoundState:
    """Return the state after a move. Raises `RoundMoveNotAllowed` (E12)."""
    reached = MOVES[state].get(move)
    if reached is None:
        raise RoundMoveNotAllowed
    return reached


def open_round(new: Round, states: Collection[InitiativeState], parameters: Parameters) -> Round:
    """Return the opened round of initiatives in these states, with the time its draw is due (E8).

    Raises `NotReadyForEvaluation`, `ClosingNotAhead` or `PanelTooSmall`.
    """
    if not READY.issuperset(states):
        raise NotReadyForEvaluation
    if new.applications_close_at <= new.opened_at:
        raise ClosingNotAhead
    if new.panel_size < parameters.minimum_scores:
        raise PanelTooSmall
    return replace(new, due_at=new.applications_close_at + timedelta(days=parameters.draw_days))


def publish(scored: Round, at: datetime) -> Round:
    """Return the round in state `published`. Raises `RoundMoveNotAllowed` (E12)."""
    return replace(scored, state=after(scored.state, RoundMove.PUBLISH), published_at=at, due_at=None)


def cancel(current: Round, reason: str, note: str, at: datetime) -> Round:
    """Return the round in state `cancelled` (E13). Raises `UnknownReason` or `RoundMoveNotAllowed`."""
    reasons.require(reason, reasons.CANCELLATION)
    cancellation = Cancellation(reason, note, ActedBy.SECRETARY, at)
    return replace(current, state=after(current.state, RoundMove.CANCEL), cancellation=cancellation, due_at=None)


def overdue(current: Round, at: datetime) -> bool:
    """Return whether the next step is late, and this was not announced yet (E14)."""
    return current.due_at is not None and current.due_at < at and current.overdue_for != current.due_at
