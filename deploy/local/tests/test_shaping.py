"""A load shaped after counts: exact totals, the same shares at every moment, one ballot per citizen and task."""

from collections import Counter, defaultdict
from fractions import Fraction

from hypothesis import example, given
from hypothesis import strategies as st

from townhall_local.rehearsal import shaping
from townhall_local.rehearsal.petitions import Petition
from townhall_local.rehearsal.programme import Tally

COUNTS = st.lists(st.integers(0, 40), min_size=1, max_size=12).filter(any)
SKEWED = [1832, 381, 365, 338, 282, 250, 217, 213, 1, 1, 0, 1]


@given(st.lists(st.integers(0, 2_000_000), min_size=1, max_size=30).filter(any), st.integers(1, 10_000_000))
def test_shares_are_exact_in_sum_and_each_to_within_one(counts: list[int], total: int) -> None:
    """Nothing is lost to rounding, and no petition's part is off by a whole ballot."""
    given_ = shaping.shares(counts, total)
    assert sum(given_) == total
    assert all(abs(part - Fraction(count * total, sum(counts))) < 1 for part, count in zip(given_, counts, strict=True))


@given(COUNTS)
def test_at_the_scale_of_one_the_counts_are_as_recorded(counts: list[int]) -> None:
    """Nothing is made up then."""
    assert shaping.shares(counts, sum(counts)) == counts


@given(COUNTS)
@example(SKEWED)
@example([1] * 40)
def test_at_every_moment_each_has_its_share(counts: list[int]) -> None:
    """However the counts are skewed: never a whole ballot ahead of the share, nor behind it."""
    total, so_far = sum(counts), [0] * len(counts)
    for moment, each in enumerate(shaping.interleaved(counts), start=1):
        so_far[each] += 1
        assert all(abs(so_far[n] * total - count * moment) < total for n, count in enumerate(counts))
    assert so_far == counts


@given(COUNTS)
@example(SKEWED)
def test_nobody_votes_twice_on_anything_and_no_more_people_come_than_the_largest_needs(counts: list[int]) -> None:
    """Each of them comes, since the largest petition needs everyone."""
    votes = list(shaping.citizens(counts, shaping.interleaved(counts)))
    assert len(set(votes)) == len(votes) == sum(counts)
    assert {person for _, person in votes} == set(range(max(counts)))


def test_people_come_one_after_the_other() -> None:
    """Who votes on several petitions does it in one visit: their ballots are close together."""
    seen = defaultdict(list)
    for moment, (_, person) in enumerate(shaping.citizens(SKEWED, shaping.interleaved(SKEWED))):
        seen[person].append(moment)
    visits = [moments[-1] - moments[0] for moments in seen.values()]
    assert max(visits) < 5 * sum(SKEWED) / max(SKEWED)
    assert any(len(moments) > 1 for moments in seen.values())


def test_a_board_becomes_a_programme() -> None:
    """A task for each petition, one without ballots too; all ballots are yes, and as many as the recount expects."""
    board = [Petition("a", "가", 70), Petition("b", "나", 30), Petition("c", "다", 0)]
    played = shaping.programme(board, 10)
    ballots = list(played.ballots)
    assert [statement.id for statement in played.statements] == ["a", "b", "c"]
    assert played.expected == {"a": Tally(7, 0, 7), "b": Tally(3, 0, 3), "c": Tally(0, 0, 0)}
    assert Counter(ballot.statement_id for ballot in ballots) == {"a": 7, "b": 3}
    assert all(ballot.yes for ballot in ballots)
    assert (played.count, played.voters) == (len(ballots), len({ballot.voter for ballot in ballots})) == (10, 7)


@given(COUNTS)
def test_the_same_board_gives_the_same_load(counts: list[int]) -> None:
    """Two runs can be compared."""
    board = [Petition(str(n), "title", count) for n, count in enumerate(counts)]
    first, second = (list(shaping.programme(board, sum(counts)).ballots) for _ in range(2))
    assert first == second


def test_a_scale_is_exact() -> None:
    """A hundredth of 6,200,584 consents are 62,006 ballots, and none is lost to binary fractions."""
    assert shaping.scaled([Petition("a", "t", 6_200_584)], Fraction("0.01")) == 62_006
    assert shaping.scaled([Petition("a", "t", 10)], Fraction(1, 10)) == 1
