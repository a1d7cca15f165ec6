"""The draw, done again from what a round publishes."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from townhall_local.demo import lot

CELLS = st.builds(
    lambda region, age_band: {"region": region, "age_band": age_band, "sex": "female"},
    st.sampled_from(["서울", "부산"]),
    st.sampled_from(["20-39", "60+"]),
)


def frame_of(cells: list[dict[str, str]]) -> list[dict[str, str]]:
    """Number the tickets."""
    return [{"ticket": f"t{number:02}", **cell} for number, cell in enumerate(cells)]


@given(st.lists(CELLS, min_size=1, max_size=40), st.integers(1, 50), st.text(max_size=8))
def test_every_seat_is_given_and_every_stratum_gets_its_share(
    cells: list[dict[str, str]], size: int, seed: str
) -> None:
    """No more than one seat off the exact proportion, whatever the seed."""
    frame = frame_of(cells)
    seats = min(size, len(frame))
    drawn = lot.draw(frame, size, seed)
    assert len(drawn) == len(set(drawn)) == seats
    stratum = {one["ticket"]: tuple(one.values())[1:] for one in frame}
    given_seats, sizes = Counter(stratum[ticket] for ticket in drawn), Counter(stratum.values())
    assert all(abs(given_seats[name] - seats * sizes[name] / len(frame)) < 1 for name in sizes)


def test_the_order_of_applications_is_no_part_of_the_lot() -> None:
    """Only tickets, strata and the seed are: the same frame in another order draws the same panel."""
    frame = frame_of([{"region": "서울", "age_band": "20-39", "sex": "female"}] * 9)
    assert lot.draw(frame, 4, "a") == lot.draw(frame[::-1], 4, "a") != lot.draw(frame, 4, "b")
    assert lot.frame_fingerprint(frame) == lot.frame_fingerprint(frame[::-1])


def test_one_draw_worked_out_by_hand() -> None:
    """Four of six: two strata of three get two each; within each, the smallest SHA-256 of `seed|ticket` come first."""
    cells = [{"region": region, "age_band": "60+", "sex": "male"} for region in ("서울", "부산") for _ in range(3)]
    order = {region: sorted(tickets, key=lambda ticket: lot.fingerprint(f"s|{ticket}"))
             for region, tickets in (("서울", ["t00", "t01", "t02"]), ("부산", ["t03", "t04", "t05"]))}  # fmt: skip
    assert lot.draw(frame_of(cells), 4, "s") == sorted(order["서울"][:2] + order["부산"][:2])
