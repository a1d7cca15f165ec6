"""Scores from 0 to 100 and what is made of them: a panel mean, an open mean, and one weighted result.

Means and weights are exact fractions. A figure is rounded once, where it is published: to two decimals, halves up.
"""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction

from evaluation.domain.parameters import Parameters
from evaluation.domain.refusals import NotInThisRound, NotOnThePanel, NotScoring, OnThePanel, TooFewScores
from evaluation.domain.round import Round, RoundState
from townhall.contracts.values import InitiativeId, RoundId, RuleUsed


class Track(StrEnum):
    """Who scores."""

    PANEL = "panel"
    OPEN = "open"


@dataclass(frozen=True, slots=True)
class Score:
    """What somebody gives one initiative. Who it is stands beside it, in the store only."""

    round_id: RoundId
    initiative_id: InitiativeId
    track: Track
    score: int
    given_at: datetime


@dataclass(frozen=True, slots=True)
class Tally:
    """All scores of one track for one initiative, added up."""

    count: int = 0
    total: int = 0

    @property
    def mean(self) -> Fraction | None:
        """The exact mean; None of nothing."""
        return Fraction(self.total, self.count) if self.count else None


@dataclass(frozen=True, slots=True)
class Result:
    """What citizens made of one initiative, ready to be published."""

    round_id: RoundId
    initiative_id: InitiativeId
    panel_score: Decimal
    panel_size: int
    """Seats of the panel."""
    panel_count: int
    """Members who scored this initiative."""
    open_score: Decimal | None
    open_count: int
    weighted_score: Decimal
    rule: RuleUsed
    published_at: datetime


def accept(scored: Round, initiative_id: InitiativeId, track: Track, *, on_panel: bool) -> None:
    """Accept a score, or the change of one, or raise the rule that forbids it."""
    if initiative_id not in scored.initiative_ids:
        raise NotInThisRound  # E11
    if scored.state is not RoundState.SCORING:
        raise NotScoring  # E11
    if track is Track.PANEL and not on_panel:
        raise NotOnThePanel  # E11
    if track is Track.OPEN and on_panel:
        raise OnThePanel  # E11


def rounded(exact: Fraction) -> Decimal:
    """Round to two decimals, halves up."""
    hundredths = (exact * 200 + 1) // 2
    return Decimal(int(hundredths)).scaleb(-2)


def weighted(panel: Fraction, open_mean: Fraction | None, parameters: Parameters) -> Fraction:
    """Weigh the two means as the rule says; the panel counts alone when nobody else scored."""
    if open_mean is None:
        return panel
    parts = panel * parameters.panel_weight + open_mean * parameters.open_weight
    return parts / (parameters.panel_weight + parameters.open_weight)


@dataclass(frozen=True, slots=True)
class Count:
    """What was scored for one initiative when the round ended."""

    initiative_id: InitiativeId
    seats: int
    panel: Tally
    others: Tally


def result(scored: Round, count: Count, parameters: Parameters, at: datetime) -> Result:
    """Make the result of one initiative."""
    panel, others = count.panel, count.others
    if panel.mean is None or panel.count < parameters.minimum_scores:
        raise TooFewScores  # E12
    return Result(
        round_id=scored.id,
        initiative_id=count.initiative_id,
        panel_score=rounded(panel.mean),
        panel_size=count.seats,
        panel_count=panel.count,
        open_score=None if others.mean is None else rounded(others.mean),
        open_count=others.count,
        weighted_score=rounded(weighted(panel.mean, others.mean, parameters)),
        rule=scored.rule,
        published_at=at,
    )
