"""Synthetic load: exact totals, proportional at every moment, one ballot per citizen and task."""

from collections import Counter, defaultdict
from fractions import Fraction

from hypothesis import example, given
from hypothesis import strategies as st

from townhall_local.rehearsal import synthetic_load
from townhall_local.rehearsal.petitions import Petition
from townhall_local.rehearsal.schedule import Tally

COUNTS = st.lists(st.integers(0, 40), min_size=1, max_size=12).filter(any)
SKEWED = [1832, 381, 365, 338, 282, 250, 217, 213, 1, 1, 0, 1]


@given(st.lists(st.integers(0, 2_000_000), min_size=1, max_size=30).filter(any), st.integers(1, 10_000_000))
def test_shares_are_exact_in_sum_and_each_to_within_one(counts: list[int], total: int) -> None:
    """Rounding loses nothing, and no share is off by a whole ballot."""
    given_ = synthetic_load.shares(counts, total)
    assert sum(given_) == total
    assert all(abs(part - Fraction(count * total, sum(counts))) < 1 for part, count in zip(given_, counts, strict=True))


@given(COUNTS)
def test_at_scale_one_the_counts_are_unchanged(counts: list[int]) -> None:
    """The shares are the counts themselves."""
    assert synthetic_load.shares(counts, sum(counts)) == counts


@given(COUNTS)
@example(SKEWED)
@example([1] * 40)
def test_ballots_are_proportional_at_every_moment(counts: list[int]) -> None:
    """However skewed the counts: never a whole ballot ahead of the share, nor behind it."""
    total, so_far = sum(counts), [0] * len(counts)
    for moment, each in enumerate(synthetic_load.interleaved(counts), start=1):
        so_far[each] += 1
        assert all(abs(so_far[n] * total - count * moment) < total for n, count in enumerate(counts))
    assert so_far == counts


@given(COUNTS)
@example(SKEWED)
def test_each_citizen_votes_at_most_once_on_each_petition(counts: list[int]) -> None:
    """There are exactly as many citizens as the largest petition needs."""
    votes = list(synthetic_load.citizens(counts, synthetic_load.interleaved(counts)))
    assert len(set(votes)) == len(votes) == sum(counts)
    assert {citizen for _, citizen in votes} == set(range(max(counts)))


def test_the_ballots_of_a_citizen_are_close_together() -> None:
    """So that one access token serves all of them."""
    seen = defaultdict(list)
    for moment, (_, citizen) in enumerate(synthetic_load.citizens(SKEWED, synthetic_load.interleaved(SKEWED))):
        seen[citizen].append(moment)
    spans = [moments[-1] - moments[0] for moments in seen.values()]
    assert max(spans) < 5 * sum(SKEWED) / max(SKEWED)
    assert any(len(moments) > 1 for moments in seen.values())


def test_petitions_become_a_schedule() -> None:
    """A statement for each petition, even without ballots; all ballots are yes and add up to the expected totals."""
    petitions = [Petition("a", "가", 70), Petition("b", "나", 30), Petition("c", "다", 0)]
    schedule = synthetic_load.schedule(petitions, 10)
    ballots = list(schedule.ballots)
    assert [statement.id for statement in schedule.statements] == ["a", "b", "c"]
    assert schedule.expected == {"a": Tally(7, 0, 7), "b": Tally(3, 0, 3), "c": Tally(0, 0, 0)}
    assert Counter(ballot.statement_id for ballot in ballots) == {"a": 7, "b": 3}
    assert all(ballot.yes for ballot in ballots)
    assert (schedule.count, schedule.voters) == (len(ballots), len({ballot.voter for ballot in ballots})) == (10, 7)


@given(COUNTS)
def test_the_same_petitions_give_the_same_load(counts: list[int]) -> None:
    """Two runs are comparable."""
    petitions = [Petition(str(n), "title", count) for n, count in enumerate(counts)]
    first, second = (list(synthetic_load.schedule(petitions, sum(counts)).ballots) for _ in range(2))
    assert first == second


def test_a_scale_is_exact() -> None:
    """A hundredth of 6,200,584 consents is 62,006 ballots; binary fractions lose none."""
    assert synthetic_load.scaled([Petition("a", "t", 6_200_584)], Fraction("0.01")) == 62_006
    assert synthetic_load.scaled([Petition("a", "t", 10)], Fraction(1, 10)) == 1
