"""E11, E12: who may score, and exact means, weights and rounding."""

import unicodedata
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from evaluation.domain import result, score
from evaluation.domain.result import InitiativeScores, ScoreTally, TooFewScores, compute_result
from evaluation.domain.round import Round, RoundState
from evaluation.domain.score import NotInThisRound, NotOnThePanel, NotScoring, OnThePanel, Track
from services.evaluation.tests.samples import parameters
from townhall.contracts.values import InitiativeId, RoundId, RuleUsed
from townhall.rejected import Rejected

AT = datetime(2027, 8, 1, tzinfo=UTC)
INITIATIVE = InitiativeId(UUID(int=2))
ROUND = Round(
    id=RoundId(UUID(int=1)),
    title="국민평가",
    initiative_ids=(INITIATIVE,),
    panel_size=3,
    seed_commitment="",
    applications_close_at=AT,
    opened_at=AT,
    rule=RuleUsed(version=4, article="제4조"),
    state=RoundState.SCORING,
)


def tallied(scores: list[int]) -> ScoreTally:
    """Return the tally of these scores."""
    return ScoreTally(len(scores), sum(scores))


@pytest.mark.parametrize(
    ("scored", "initiative_id", "track", "on_panel", "rule"),
    [
        (ROUND, INITIATIVE, Track.PANEL, False, NotOnThePanel),
        (ROUND, INITIATIVE, Track.OPEN, True, OnThePanel),
        (ROUND, InitiativeId(UUID(int=9)), Track.PANEL, True, NotInThisRound),
        (replace(ROUND, state=RoundState.APPLYING), INITIATIVE, Track.OPEN, False, NotScoring),
        (replace(ROUND, state=RoundState.PUBLISHED), INITIATIVE, Track.PANEL, True, NotScoring),
        (replace(ROUND, state=RoundState.CANCELLED), INITIATIVE, Track.OPEN, False, NotScoring),
    ],
)
def test_score_refused(
    scored: Round, initiative_id: InitiativeId, track: Track, *, on_panel: bool, rule: type[Rejected]
) -> None:
    """E11: each rule refuses by itself; a citizen scores in one track only."""
    score.accept(ROUND, INITIATIVE, Track.PANEL, on_panel=True)
    score.accept(ROUND, INITIATIVE, Track.OPEN, on_panel=False)
    with pytest.raises(rule):
        score.accept(scored, initiative_id, track, on_panel=on_panel)


def test_result_of_known_scores() -> None:
    """E12: with weights of 7 and 3, means of 80.33 and 70.80 give 77.47."""
    count = InitiativeScores(INITIATIVE, 6, tallied([88, 74, 91, 66, 80, 83]), tallied([95, 40, 77, 82, 60]))
    found = compute_result(ROUND, count, parameters(), AT)
    assert (found.panel_score, found.open_score) == (Decimal("80.33"), Decimal("70.80"))
    assert found.weighted_score == Decimal("77.47")
    assert (found.panel_size, found.panel_count, found.open_count, found.rule.version) == (6, 6, 5, 4)


def test_weights_are_the_rules() -> None:
    """E12: the weights are those of the rule, and the figure is rounded once, from the exact means."""
    count = InitiativeScores(INITIATIVE, 3, tallied([0, 0, 1]), tallied([0, 1]))
    # 1/3 and 1/2, weighted 1:1: 5/12 = 0.41666…; from rounded means it would be 0.415.
    assert compute_result(ROUND, count, parameters(panel_weight=1, open_weight=1), AT).weighted_score == Decimal("0.42")
    assert compute_result(ROUND, count, parameters(open_weight=0), AT).weighted_score == Decimal("0.33")


def test_panel_only() -> None:
    """E12: without scores outside the panel the open score is None, and the panel's mean is the result."""
    found = compute_result(
        ROUND, InitiativeScores(INITIATIVE, 3, tallied([50, 60, 71]), ScoreTally()), parameters(), AT
    )
    assert (found.open_score, found.open_count, found.weighted_score) == (None, 0, Decimal("60.33"))


@pytest.mark.parametrize("scores", [[], [100], [100, 90]])
def test_too_few_scores(scores: list[int]) -> None:
    """E12: below the rule's minimum of panel scores there is no result, whatever the open scores."""
    with pytest.raises(TooFewScores):
        compute_result(ROUND, InitiativeScores(INITIATIVE, 3, tallied(scores), tallied([1] * 99)), parameters(), AT)


@pytest.mark.parametrize(
    ("exact", "expected"),
    [
        (Fraction(1, 200), "0.01"),
        (Fraction(1, 201), "0.00"),
        (Fraction(100), "100.00"),
        (Fraction(199999, 2000), "100.00"),
        (Fraction(2, 3), "0.67"),
    ],
)
def test_rounding(exact: Fraction, expected: str) -> None:
    """E12: two decimals, halves up."""
    assert str(result.rounded(exact)) == expected


SCORES = st.lists(st.integers(0, 100), min_size=3, max_size=40)


@given(SCORES, SCORES, st.integers(1, 1000), st.integers(0, 1000))
def test_result_lies_between_the_means(panel: list[int], others: list[int], weight: int, open_weight: int) -> None:
    """E12: the weighted score is between the two means, and within half a hundredth of the exact value."""
    rule = parameters(panel_weight=weight, open_weight=open_weight)
    found = compute_result(ROUND, InitiativeScores(INITIATIVE, 40, tallied(panel), tallied(others)), rule, AT)
    assert found.open_score is not None
    low, high = sorted([found.panel_score, found.open_score])
    assert low <= found.weighted_score <= high
    mean, other = Fraction(sum(panel), len(panel)), Fraction(sum(others), len(others))
    exact = (mean * weight + other * open_weight) / (weight + open_weight)
    assert abs(Fraction(found.weighted_score) - exact) <= Fraction(1, 200)


@pytest.mark.parametrize(
    "wrong",
    [
        {"panel_weight": 0},
        {"panel_size": 2},
        {"regions": ()},
        {"regions": ("서울", "서울")},
        {"sexes": ("a|b",)},
        {"time_zone": "Asia/Nowhere"},
        {"time_zone": "../etc/passwd"},
        {"unknown": 1},
    ],
)
def test_parameters_refused(wrong: dict[str, object]) -> None:
    """Parameters that can't be applied are invalid."""
    with pytest.raises(ValidationError):
        parameters(**wrong)


def test_stratum_values_are_normalized() -> None:
    """E9: values in decomposed Unicode are stored composed (NFC), as the values of applications are."""
    assert parameters(regions=(unicodedata.normalize("NFD", "서울"),)).regions == ("서울",)


def test_day_in_the_time_zone_of_the_rule() -> None:
    """E4: the day depends on the time zone: 23:00 UTC is the next day in Seoul."""
    late = datetime(2027, 6, 30, 23, tzinfo=UTC)
    assert parameters().day(late).isoformat() == "2027-07-01"
    assert parameters(time_zone="Europe/London").day(late.replace(month=1)).isoformat() == "2027-01-30"
