"""The panel of a round: citizens apply (E9), then it is drawn from all applications (E10)."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from evaluation.domain import panel_draw
from evaluation.domain.panel_draw import Ticket
from evaluation.domain.parameters import Parameters
from evaluation.domain.round import Round, RoundMove, RoundState, after
from townhall.rejected import NotFound, Rejected


class ApplicationsClosed(Rejected):
    """The closing time of applications has passed, or the round is in a later state."""

    code = "applications-closed"
    rule = "E9"
    title = "Applications for this round are closed."


class UnknownStratum(Rejected):
    """The region, age band or sex isn't on the lists of the rule."""

    code = "unknown-stratum"
    rule = "E9"
    status = 422
    title = "The region, age band and sex must be on the lists of the rule the round was opened under."


class NoApplication(NotFound):
    """The caller didn't apply."""

    code = "no-application"
    rule = "E9"
    title = "You did not apply for the panel of this round."


class ApplicationsStillOpen(Rejected):
    """The closing time of applications has not come: the seed must stay secret while applications can be added."""

    code = "applications-still-open"
    rule = "E10"
    title = "The panel is drawn after applications have closed."


class TooFewApplicants(Rejected):
    """Fewer citizens applied than the number of scores an initiative needs."""

    code = "too-few-applicants"
    rule = "E10"
    title = "Fewer citizens applied than the smallest panel the rule allows."


class NotDrawnYet(Rejected):
    """The panel was not drawn yet."""

    code = "not-drawn-yet"
    rule = "E10"
    title = "The panel of this round has not been drawn yet."


@dataclass(frozen=True, slots=True)
class Stratum:
    """The region, age band and sex that an applicant gives."""

    region: str
    age_band: str
    sex: str


def apply(current: Round, ticket: Ticket, parameters: Parameters, at: datetime) -> Ticket:
    """Accept an application, or a change of one. Raises `ApplicationsClosed` or `UnknownStratum` (E9)."""
    if current.state is not RoundState.APPLYING or at >= current.applications_close_at:
        raise ApplicationsClosed
    allowed = (parameters.regions, parameters.age_bands, parameters.sexes)
    given = (ticket.region, ticket.age_band, ticket.sex)
    if not all(value in values for value, values in zip(given, allowed, strict=True)):
        raise UnknownStratum
    return ticket


def draw(
    current: Round, seed: str, frame: Collection[Ticket], parameters: Parameters, at: datetime
) -> tuple[Round, frozenset[str]]:
    """Draw the panel from all applications. Returns the round, with its seed, and the drawn tickets (E10).

    Raises `RoundMoveNotAllowed`, `ApplicationsStillOpen`, `SeedMismatch` or `TooFewApplicants`.
    """
    state = after(current.state, RoundMove.DRAW)
    if at < current.applications_close_at:
        raise ApplicationsStillOpen
    panel_draw.require_committed(seed, current.seed_commitment)
    if len(frame) < parameters.minimum_scores:
        raise TooFewApplicants
    drawn = panel_draw.draw(frame, current.panel_size, seed)
    due_at = at + timedelta(days=parameters.scoring_days)
    frame_sha256 = panel_draw.frame_sha256(frame)
    return replace(current, state=state, seed=seed, frame_sha256=frame_sha256, due_at=due_at), drawn
