"""The recount, and how a rehearsal is judged by it."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from townhall_local.rehearsal.polis import Recording, Vote
from townhall_local.rehearsal.programme import Tally
from townhall_local.rehearsal.recount import ballots, recount
from townhall_local.rehearsal.report import Ballots, Casting, Report, TaskFound, crossing_to_case, differences
from townhall_local.rehearsal.statement import Statement

COMMENTS = (Statement("a", "1", "A"), Statement("b", "1", "B"))
AGREED = TaskFound(
    source_id="a", task_id="t", yes=4, no=1, threshold_reached=True, case_id="c", cases=1, docketed=True,
    seconds_to_case=0.2,
)  # fmt: skip


def recording(*said: tuple[str, str, int]) -> Recording:
    """Votes a second apart."""
    return Recording(COMMENTS, tuple(Vote(at, *vote) for at, vote in enumerate(said)))


@pytest.mark.parametrize(
    ("said", "tally"),
    [
        ([], Tally(0, 0, 0)),
        ([("a", "v", 1), ("a", "w", -1)], Tally(1, 1, 1)),
        ([("a", "v", 1), ("a", "v", 1)], Tally(1, 0, 1)),
        ([("a", "v", 1), ("a", "v", -1)], Tally(0, 1, 1)),
        ([("a", "v", 1), ("a", "v", 0)], Tally(1, 0, 1)),
        ([("a", "v", 0)], Tally(0, 0, 0)),
        ([("b", "v", 1)], Tally(0, 0, 0)),
    ],
)
def test_the_last_vote_counts_and_passing_is_no_vote(said: list[tuple[str, str, int]], tally: Tally) -> None:
    """One voter, one counted ballot on a comment; a later pass leaves the earlier vote."""
    assert recount(recording(*said))["a"] == tally


VOTE = st.tuples(st.sampled_from("ab"), st.sampled_from("uvwxyz"), st.sampled_from([1, 0, -1]))


@given(st.lists(VOTE, max_size=60))
def test_nobody_counts_twice(said: list[tuple[str, str, int]]) -> None:
    """Yes and no together are the voters who cast a ballot, however often they did."""
    played = recording(*said)
    for comment, tally in recount(played).items():
        assert tally.yes + tally.no == len({vote.voter for vote in ballots(played) if vote.comment == comment})
        assert tally.yes <= tally.ever_yes


@pytest.mark.parametrize(
    ("found", "complaint"),
    [
        ({}, ""),
        ({"yes": 5}, "counted 5 yes"),
        ({"no": 0}, "counted 4 yes, 0 no"),
        ({"threshold_reached": False, "case_id": None, "cases": 0}, "the threshold is not reached"),
        ({"cases": 0, "case_id": None}, "0 cases, where there must be 1"),
        ({"cases": 2}, "2 cases, where there must be 1"),
    ],
)
def test_each_disagreement_is_named(found: dict[str, object], complaint: str) -> None:
    """Four yes are more than three: the counts, the threshold and the one case are each compared."""
    lines = differences([replace(AGREED, **found)], {"a": Tally(4, 1, 4)}, more_than=3)  # type: ignore[arg-type]  # each case names a field of its own
    assert [complaint in line for line in lines] == ([True] if complaint else [])


def test_a_threshold_nobody_can_have_crossed_is_named() -> None:
    """Four yes are not more than four."""
    assert "never more than 4 yes" in differences([AGREED], {"a": Tally(4, 1, 4)}, more_than=4)[0]


def test_a_threshold_crossed_for_a_while_stays_reached() -> None:
    """Five voters once said yes and one changed their mind: whether five stood at once depends on the order."""
    expected = {"a": Tally(4, 1, 5)}
    assert differences([AGREED], expected, more_than=4) == []
    assert differences([replace(AGREED, threshold_reached=False, cases=0)], expected, more_than=4) == []


def test_waiting_times_are_summed_up() -> None:
    """Tasks that crossed nothing don't count; without any there is nothing to say."""
    assert crossing_to_case([replace(AGREED, seconds_to_case=None)]) == {"p50": None, "p99": None}
    assert crossing_to_case([AGREED]) == {"p50": 0.2, "p99": 0.2}
    waits = [replace(AGREED, seconds_to_case=float(second)) for second in range(101)]
    assert crossing_to_case(waits) == {"p50": 50.0, "p99": 99.0}


def test_the_report_has_the_promised_shape() -> None:
    """Programs read it."""
    answers = Ballots(sent=6, accepted=5, revised=1, refused=1)
    casting = Casting(voters=5, ballots=answers, seconds=2.0, sender_seconds=0.3)
    report = Report(3, [AGREED], casting, seconds=4.0)
    said = report.as_json()
    assert said["tasks"] == [
        {"source_id": "a", "task_id": "t", "yes": 4, "no": 1, "threshold_reached": True, "case_id": "c"}
    ]
    assert said["ballots"] == {"sent": 6, "accepted": 5, "revised": 1, "refused": 1}
    assert said["voters"] == 5
    assert said["seconds"] == 4.0
    assert said["sender_cpu_seconds"] == 0.3
    assert said["ballots_per_second"] == 3.0
    assert said["seconds_crossing_to_case"] == {"p50": 0.2, "p99": 0.2}
    assert said["agrees"] is True
