"""The independent draw check computes the panel from the data a round publishes."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from townhall_local.demo import draw_check

STRATA = st.builds(
    lambda region, age_band: {"region": region, "age_band": age_band, "sex": "female"},
    st.sampled_from(["서울", "부산"]),
    st.sampled_from(["20-39", "60+"]),
)


def frame_of(strata: list[dict[str, str]]) -> list[dict[str, str]]:
    """Number the tickets."""
    return [{"ticket": f"t{number:02}", **cell} for number, cell in enumerate(strata)]


@given(st.lists(STRATA, min_size=1, max_size=40), st.integers(1, 50), st.text(max_size=8))
def test_every_seat_is_given_and_every_stratum_gets_its_share(
    strata: list[dict[str, str]], size: int, seed: str
) -> None:
    """No more than one seat off the exact proportion, whatever the seed."""
    frame = frame_of(strata)
    seats = min(size, len(frame))
    drawn = draw_check.draw(frame, size, seed)
    assert len(drawn) == len(set(drawn)) == seats
    stratum = {one["ticket"]: tuple(one.values())[1:] for one in frame}
    given_seats, sizes = Counter(stratum[ticket] for ticket in drawn), Counter(stratum.values())
    assert all(abs(given_seats[name] - seats * sizes[name] / len(frame)) < 1 for name in sizes)


def test_the_order_of_applications_does_not_matter() -> None:
    """The draw depends on tickets, strata and seed only: another order of the frame gives the same panel."""
    frame = frame_of([{"region": "서울", "age_band": "20-39", "sex": "female"}] * 9)
    assert draw_check.draw(frame, 4, "a") == draw_check.draw(frame[::-1], 4, "a") != draw_check.draw(frame, 4, "b")
    assert draw_check.frame_fingerprint(frame) == draw_check.frame_fingerprint(frame[::-1])


def test_one_draw_computed_manually() -> None:
    """Four of six: two strata of three get two each; within each, the smallest SHA-256 of `seed|ticket` come first."""
    strata = [{"region": region, "age_band": "60+", "sex": "male"} for region in ("서울", "부산") for _ in range(3)]
    order = {region: sorted(tickets, key=lambda ticket: draw_check.fingerprint(f"s|{ticket}"))
             for region, tickets in (("서울", ["t00", "t01", "t02"]), ("부산", ["t03", "t04", "t05"]))}  # fmt: skip
    assert draw_check.draw(frame_of(strata), 4, "s") == sorted(order["서울"][:2] + order["부산"][:2])
