"""An evaluation round: opened with a committed seed, applied for, drawn, scored, published or cancelled."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, Literal

from evaluation.domain import lot, reasons
from evaluation.domain.initiative import State as InitiativeState
from evaluation.domain.lot import Ticket
from evaluation.domain.parameters import Parameters
from evaluation.domain.refusals import (
    ApplicationsClosed,
    ApplicationsStillOpen,
    ClosingNotAhead,
    NotReadyForEvaluation,
    PanelTooSmall,
    RoundMoveNotAllowed,
    TooFewApplicants,
    UnknownStratum,
)
from townhall.contracts.values import ActedBy, InitiativeId, RoundId, RuleUsed


class RoundState(StrEnum):
    """The one answer to where a round is."""

    APPLYING = "applying"
    SCORING = "scoring"
    PUBLISHED = "published"
    CANCELLED = "cancelled"


class RoundMove(StrEnum):
    """What can happen to a round once it is open."""

    DRAW = "draw"
    PUBLISH = "publish"
    CANCEL = "cancel"


MOVES: Final[Mapping[RoundState, Mapping[RoundMove, RoundState]]] = {
    RoundState.APPLYING: {RoundMove.DRAW: RoundState.SCORING, RoundMove.CANCEL: RoundState.CANCELLED},
    RoundState.SCORING: {RoundMove.PUBLISH: RoundState.PUBLISHED, RoundMove.CANCEL: RoundState.CANCELLED},
    RoundState.PUBLISHED: {},
    RoundState.CANCELLED: {},
}
"""E12: a move that isn't here is refused. So a panel is drawn once, and results are published once."""

AWAITED: Final[Mapping[RoundState, Literal["draw", "publication"]]] = {
    RoundState.APPLYING: "draw",
    RoundState.SCORING: "publication",
}
"""What is owed next."""

READY: Final = frozenset({InitiativeState.DONE, InitiativeState.VERIFIED})
"""What a round may be opened for. Publication needs verification on top of it (E2)."""


@dataclass(frozen=True, slots=True)
class Call:
    """What the secretary calls citizens to evaluate."""

    title: str
    initiative_ids: tuple[InitiativeId, ...]
    panel_size: int | None
    """None for the number in the rule."""
    seed_commitment: str
    applications_close_at: datetime


@dataclass(frozen=True, slots=True)
class Stratum:
    """What an applicant says of themselves."""

    region: str
    age_band: str
    sex: str


@dataclass(frozen=True, slots=True)
class Cancellation:
    """Why a round ended without results."""

    reason: str
    note: str
    acted_by: ActedBy
    at: datetime


@dataclass(frozen=True, slots=True)
class Round:
    """One evaluation by a drawn panel and by all other citizens."""

    id: RoundId
    title: str
    initiative_ids: tuple[InitiativeId, ...]
    panel_size: int
    seed_commitment: str
    applications_close_at: datetime
    opened_at: datetime
    rule: RuleUsed
    """The rule in force at the opening: it holds until the publication, whatever is enacted meanwhile."""
    state: RoundState = RoundState.APPLYING
    due_at: datetime | None = None
    """When the next step is due: the draw, then the publication; None when nothing is owed any more."""
    overdue_for: datetime | None = None
    """The due date that was last announced as passed."""
    seed: str | None = None
    frame_sha256: str | None = None
    published_at: datetime | None = None
    cancellation: Cancellation | None = None


def after(state: RoundState, move: RoundMove) -> RoundState:
    """Give the state a move leads to, or raise E12."""
    reached = MOVES[state].get(move)
    if reached is None:
        raise RoundMoveNotAllowed  # E12
    return reached


def open_round(new: Round, states: Collection[InitiativeState], parameters: Parameters) -> Round:
    """Accept a new round for initiatives in these states, or raise the rule that forbids it."""
    if not READY.issuperset(states):
        raise NotReadyForEvaluation  # E8
    if new.applications_close_at <= new.opened_at:
        raise ClosingNotAhead  # E8
    if new.panel_size < parameters.minimum_scores:
        raise PanelTooSmall  # E8
    return replace(new, due_at=new.applications_close_at + timedelta(days=parameters.draw_days))


def apply(applied_for: Round, ticket: Ticket, parameters: Parameters, at: datetime) -> Ticket:
    """Accept an application to the panel, or a change of one."""
    if applied_for.state is not RoundState.APPLYING or at >= applied_for.applications_close_at:
        raise ApplicationsClosed  # E9
    known = (parameters.regions, parameters.age_bands, parameters.sexes)
    named = (ticket.region, ticket.age_band, ticket.sex)
    if not all(cell in cells for cell, cells in zip(named, known, strict=True)):
        raise UnknownStratum  # E9
    return ticket


def draw(
    applied_for: Round, seed: str, frame: Collection[Ticket], parameters: Parameters, at: datetime
) -> tuple[Round, frozenset[str]]:
    """Draw the panel from everybody who applied. Return the round with its seed shown, and the drawn tickets."""
    reached = after(applied_for.state, RoundMove.DRAW)
    if at < applied_for.applications_close_at:
        raise ApplicationsStillOpen  # E10
    lot.require_committed(seed, applied_for.seed_commitment)
    if len(frame) < parameters.minimum_scores:
        raise TooFewApplicants  # E10
    drawn = lot.draw(frame, applied_for.panel_size, seed)
    due_at = at + timedelta(days=parameters.scoring_days)
    fingerprint = lot.frame_sha256(frame)
    return replace(applied_for, state=reached, seed=seed, frame_sha256=fingerprint, due_at=due_at), drawn


def publish(scored: Round, at: datetime) -> Round:
    """End the round with its results."""
    return replace(scored, state=after(scored.state, RoundMove.PUBLISH), published_at=at, due_at=None)


def cancel(given_up: Round, reason: str, note: str, at: datetime) -> Round:
    """End the round without results. Its initiatives are free for another one."""
    reasons.require(reason, reasons.CANCELLATION)
    cancelled = Cancellation(reason, note, ActedBy.SECRETARY, at)
    return replace(given_up, state=after(given_up.state, RoundMove.CANCEL), cancellation=cancelled, due_at=None)


def overdue(waiting: Round, at: datetime) -> bool:
    """Tell whether the next step is late, and was not yet announced as late (E14)."""
    return waiting.due_at is not None and waiting.due_at < at and waiting.overdue_for != waiting.due_at
