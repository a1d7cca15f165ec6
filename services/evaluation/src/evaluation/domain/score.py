"""Scores from 0 to 100: panel members and all other citizens give them in separate tracks (E11)."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from evaluation.domain.round import Round, RoundState
from townhall.contracts.values import InitiativeId, RoundId
from townhall.rejected import NotFound, Rejected


class NotScoring(Rejected):
    """The panel was not drawn yet, or the round has ended."""

    code = "round-not-scoring"
    rule = "E11"
    title = "Scores are given after the panel was drawn and before the results are published."


class NotInThisRound(NotFound):
    """The initiative isn't part of the round."""

    code = "initiative-not-in-this-round"
    rule = "E11"
    title = "The initiative is not part of this round."


class NotOnThePanel(Rejected):
    """The caller of the panel track is not on the panel."""

    code = "not-on-the-panel"
    rule = "E11"
    status = 403
    title = "Only those drawn for the panel of this round give panel scores."


class OnThePanel(Rejected):
    """The caller of the open track is on the panel."""

    code = "on-the-panel"
    rule = "E11"
    status = 403
    title = "Those drawn for the panel give panel scores, and no open scores."


class Track(StrEnum):
    """Whether a score is of a panel member or of another citizen."""

    PANEL = "panel"
    OPEN = "open"


@dataclass(frozen=True, slots=True)
class Score:
    """A citizen's score of one initiative. The citizen is known to the store only."""

    round_id: RoundId
    initiative_id: InitiativeId
    track: Track
    score: int
    given_at: datetime


def accept(scored: Round, initiative_id: InitiativeId, track: Track, *, on_panel: bool) -> None:
    """Accept a score, or the change of one (E11).

    Raises `NotInThisRound`, `NotScoring`, `NotOnThePanel` or `OnThePanel`.
    """
    if initiative_id not in scored.initiative_ids:
        raise NotInThisRound
    if scored.state is not RoundState.SCORING:
        raise NotScoring
    if track is Track.PANEL and not on_panel:
        raise NotOnThePanel
    if track is Track.OPEN and on_panel:
        raise OnThePanel
