"""The recount counts each voter's last ballot, and each difference from the platform is reported."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from townhall_local.rehearsal.polis import Recording, Vote
from townhall_local.rehearsal.recount import ballots, recount
from townhall_local.rehearsal.report import Ballots, Report, Sending, TaskResult, crossing_to_case, differences
from townhall_local.rehearsal.schedule import Tally
from townhall_local.rehearsal.statement import Statement

COMMENTS = (Statement("a", "1", "A"), Statement("b", "1", "B"))
AGREED = TaskResult(
    source_id="a", task_id="t", yes=4, no=1, threshold_reached=True, case_id="c", cases=1, docketed=True,
    seconds_to_case=0.2,
)  # fmt: skip


def recording(*votes: tuple[str, str, int]) -> Recording:
    """A recording of these votes, one after the other."""
    return Recording(COMMENTS, tuple(Vote(at, *vote) for at, vote in enumerate(votes)))


@pytest.mark.parametrize(
    ("votes", "tally"),
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
def test_the_last_vote_counts_and_a_pass_is_ignored(votes: list[tuple[str, str, int]], tally: Tally) -> None:
    """One counted ballot per voter and comment; a later pass leaves the earlier vote."""
    assert recount(recording(*votes))["a"] == tally


VOTE = st.tuples(st.sampled_from("ab"), st.sampled_from("uvwxyz"), st.sampled_from([1, 0, -1]))


@given(st.lists(VOTE, max_size=60))
def test_each_voter_counts_once(votes: list[tuple[str, str, int]]) -> None:
    """Yes plus no is the number of voters with a ballot."""
    replayed = recording(*votes)
    for comment, tally in recount(replayed).items():
        assert tally.yes + tally.no == len({vote.voter for vote in ballots(replayed) if vote.comment == comment})
        assert tally.yes <= tally.ever_yes


@pytest.mark.parametrize(
    ("found", "message"),
    [
        ({}, ""),
        ({"yes": 5}, "counted 5 yes"),
        ({"no": 0}, "counted 4 yes, 0 no"),
        ({"threshold_reached": False, "case_id": None, "cases": 0}, "the threshold is not reached"),
        ({"cases": 0, "case_id": None}, "0 cases, where there must be 1"),
        ({"cases": 2}, "2 cases, where there must be 1"),
    ],
)
def test_each_difference_is_reported(found: dict[str, object], message: str) -> None:
    """The counts, the threshold and the number of cases are each compared."""
    lines = differences([replace(AGREED, **found)], {"a": Tally(4, 1, 4)}, more_than=3)  # type: ignore[arg-type]  # each case names a field of its own
    assert [message in line for line in lines] == ([True] if message else [])


def test_an_impossible_threshold_is_reported() -> None:
    """Four yes are not more than four."""
    assert "never more than 4 yes" in differences([AGREED], {"a": Tally(4, 1, 4)}, more_than=4)[0]


def test_a_threshold_reached_for_a_while_is_no_difference() -> None:
    """Five voters voted yes at some time and one changed their ballot: five at once depends on the order."""
    expected = {"a": Tally(4, 1, 5)}
    assert differences([AGREED], expected, more_than=4) == []
    assert differences([replace(AGREED, threshold_reached=False, cases=0)], expected, more_than=4) == []


def test_times_to_case_are_summarised() -> None:
    """Tasks below the threshold don't count; without any there are no percentiles."""
    assert crossing_to_case([replace(AGREED, seconds_to_case=None)]) == {"p50": None, "p99": None}
    assert crossing_to_case([AGREED]) == {"p50": 0.2, "p99": 0.2}
    waits = [replace(AGREED, seconds_to_case=float(second)) for second in range(101)]
    assert crossing_to_case(waits) == {"p50": 50.0, "p99": 99.0}


def test_the_report_has_the_documented_format() -> None:
    """Programs read it."""
    answers = Ballots(sent=6, accepted=5, revised=1, refused=1)
    sending = Sending(voters=5, ballots=answers, seconds=2.0, sender_seconds=0.3)
    report = Report(3, [AGREED], sending, seconds=4.0)
    document = report.as_json()
    assert document["tasks"] == [
        {"source_id": "a", "task_id": "t", "yes": 4, "no": 1, "threshold_reached": True, "case_id": "c"}
    ]
    assert document["ballots"] == {"sent": 6, "accepted": 5, "revised": 1, "refused": 1}
    assert document["voters"] == 5
    assert document["seconds"] == 4.0
    assert document["sender_cpu_seconds"] == 0.3
    assert document["ballots_per_second"] == 3.0
    assert document["seconds_crossing_to_case"] == {"p50": 0.2, "p99": 0.2}
    assert document["agrees"] is True
