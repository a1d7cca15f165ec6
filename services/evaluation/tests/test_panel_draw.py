"""E10: the draw can be repeated by anyone, and gives every stratum its proportional share."""

import hashlib
from collections import Counter
from dataclasses import replace
from fractions import Fraction
from math import ceil, floor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluation.domain import panel_draw
from evaluation.domain.panel_draw import SeedMismatch, Ticket

SEEDS = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=40)
FRAMES = st.lists(
    st.builds(
        Ticket,
        ticket=st.integers(0, 2**128 - 1).map(lambda number: f"{number:032x}"),
        region=st.sampled_from(["서울", "부산", "전남"]),
        age_band=st.sampled_from(["20-39", "40-59", "60+"]),
        sex=st.sampled_from(["female", "male"]),
    ),
    min_size=1,
    max_size=60,
    unique_by=lambda each: each.ticket,
)


def repeated(frame: list[Ticket], panel_size: int, seed: str) -> set[str]:
    """Return the draw of a second implementation, written from the documented procedure."""

    def order(text: str) -> str:
        return hashlib.sha256(f"{seed}|{text}".encode()).hexdigest()

    seats = min(panel_size, len(frame))
    names = [f"{each.region}|{each.age_band}|{each.sex}" for each in frame]
    sizes = Counter(names)
    given = {name: seats * size // len(frame) for name, size in sizes.items()}
    rest = sorted(sizes, key=lambda name: (-(seats * sizes[name] % len(frame)), order(name)))
    for name in rest[: seats - sum(given.values())]:
        given[name] += 1
    drawn = set()
    for name in sizes:
        queue = sorted((each.ticket for each, at in zip(frame, names, strict=True) if at == name), key=order)
        drawn |= set(queue[: given[name]])
    return drawn


@given(FRAMES, st.integers(1, 80), SEEDS)
def test_anyone_can_repeat_the_draw(frame: list[Ticket], panel_size: int, seed: str) -> None:
    """A second implementation draws the same tickets, in whatever order the frame is listed."""
    assert panel_draw.draw(frame, panel_size, seed) == repeated(frame[::-1], panel_size, seed)


@given(FRAMES, st.integers(1, 80), SEEDS)
def test_every_stratum_gets_its_share(frame: list[Ticket], panel_size: int, seed: str) -> None:
    """Each quota is the exact share rounded down or up, and all seats are distributed."""
    sizes = Counter(each.stratum for each in frame)
    seats = min(panel_size, len(frame))
    given = panel_draw.quotas(sizes, seats, seed)
    assert sum(given.values()) == seats
    for stratum, size in sizes.items():
        share = Fraction(seats * size, len(frame))
        assert floor(share) <= given[stratum] <= ceil(share)


@given(FRAMES, st.integers(1, 80), SEEDS)
def test_the_panel_is_drawn_from_the_frame(frame: list[Ticket], panel_size: int, seed: str) -> None:
    """As many tickets are drawn as there are seats; all of them if fewer applied."""
    drawn = panel_draw.draw(frame, panel_size, seed)
    assert drawn <= {each.ticket for each in frame}
    assert len(drawn) == min(panel_size, len(frame))


def test_no_name_has_an_advantage() -> None:
    """Of two strata with equal remainders, each gets the remaining seat with about half of all seeds."""
    frame = [Ticket("a" * 32, "부산", "60+", "female"), Ticket("b" * 32, "서울", "60+", "female")]
    won = sum("a" * 32 in panel_draw.draw(frame, 1, f"seed {number}") for number in range(1000))
    assert 430 < won < 570


def test_no_applicant_has_an_advantage() -> None:
    """Ten applicants of one stratum are drawn about equally often."""
    frame = [Ticket(f"{number:032x}", "서울", "20-39", "male") for number in range(10)]
    drawn = Counter(ticket for number in range(1000) for ticket in panel_draw.draw(frame, 3, f"seed {number}"))
    assert len(drawn) == 10
    assert all(240 < times < 360 for times in drawn.values())


@given(FRAMES)
def test_frame_fingerprint_shows_any_change(frame: list[Ticket]) -> None:
    """The hash of the frame changes with any changed or missing application, and not with the order."""
    fingerprint = panel_draw.frame_sha256(frame)
    assert panel_draw.frame_sha256(frame[::-1]) == fingerprint
    assert panel_draw.frame_sha256(frame[1:]) != fingerprint
    assert panel_draw.frame_sha256([replace(frame[0], region="제주"), *frame[1:]]) != fingerprint


def test_known_draw() -> None:
    """The hash formats are frozen: these values were computed with sha256sum."""
    frame = [Ticket("00", "서울", "60+", "female"), Ticket("01", "부산", "60+", "male")]
    lines = "00|서울|60+|female\n01|부산|60+|male\n"
    assert panel_draw.frame_sha256(frame) == hashlib.sha256(lines.encode()).hexdigest()
    assert panel_draw.sha256("시드") == "603ffc2b16f5b49cb3395b64888e9cc1d78c2f250fc40228db0e0b65c40ba1ac"


def test_seed_must_match() -> None:
    """A seed that was not committed to is refused, however similar it is."""
    panel_draw.require_committed("시드 1", panel_draw.sha256("시드 1"))
    with pytest.raises(SeedMismatch):
        panel_draw.require_committed("시드 1 ", panel_draw.sha256("시드 1"))
