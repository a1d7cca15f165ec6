"""Results of a round: the panel's mean, the open mean, and both weighted (E12).

Means and weights are exact fractions. A published figure is rounded once: to two decimals, halves up.
"""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from fractions import Fraction

from evaluation.domain.parameters import Parameters
from evaluation.domain.round import Round
from townhall.contracts.values import InitiativeId, RoundId, RuleUsed
from townhall.rejected import Rejected


class TooFewScores(Rejected):
    """An initiative has so few panel scores that their mean would prove little and reveal single scores."""

    code = "too-few-scores"
    rule = "E12"
    title = "An initiative has fewer panel scores than the rule requires."


class NotPublishedYet(Rejected):
    """The results of the round are not published."""

    code = "results-not-published-yet"
    rule = "E12"
    title = "The results of this round are not published yet."


@dataclass(frozen=True, slots=True)
class ScoreTally:
    """The number and the sum of the scores of one track for one initiative."""

    count: int = 0
    total: int = 0

    @property
    def mean(self) -> Fraction | None:
        """The exact mean; None if there is no score."""
        return Fraction(self.total, self.count) if self.count else None


@dataclass(frozen=True, slots=True)
class InitiativeScores:
    """The scores of one initiative at the publication."""

    initiative_id: InitiativeId
    panel_size: int
    panel: ScoreTally
    others: ScoreTally


@dataclass(frozen=True, slots=True)
class Result:
    """The published result of one initiative."""

    round_id: RoundId
    initiative_id: InitiativeId
    panel_score: Decimal
    panel_size: int
    """Seats of the panel."""
    panel_count: int
    """Panel members who scored this initiative."""
    open_score: Decimal | None
    open_count: int
    weighted_score: Decimal
    rule: RuleUsed
    published_at: datetime


def rounded(exact: Fraction) -> Decimal:
    """Round to two decimals, halves up."""
    hundredths = (exact * 200 + 1) // 2
    return Decimal(int(hundredths)).scaleb(-2)


def weighted(panel: Fraction, open_mean: Fraction | None, parameters: Parameters) -> Fraction:
    """Return the weighted mean of both tracks; the panel's mean if there are no open scores."""
    if open_mean is None:
        return panel
    parts = panel * parameters.panel_weight + open_mean * parameters.open_weight
    return parts / (parameters.panel_weight + parameters.open_weight)


def compute_result(scored: Round, scores: InitiativeScores, parameters: Parameters, at: datetime) -> Result:
    """Return the result of one initiative, published at `at`. Raises `TooFewScores` (E12)."""
    panel, others = scores.panel, scores.others
    if panel.mean is None or panel.count < parameters.minimum_scores:
        raise TooFewScores
    return Result(
        round_id=scored.id,
        initiative_id=scores.initiative_id,
        panel_score=rounded(panel.mean),
        panel_size=scores.panel_size,
        panel_count=panel.count,
        open_score=None if others.mean is None else rounded(others.mean),
        open_count=others.count,
        weighted_score=rounded(weighted(panel.mean, others.mean, parameters)),
        rule=scored.rule,
        published_at=at,
    )
