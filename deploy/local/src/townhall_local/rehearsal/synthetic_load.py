"""Synthetic ballots from petition counts: how many for each petition, in which order, and by whom.

The counts don't say who consented, nor when. So the order is synthetic: at every moment each petition has its share of
the ballots so far, to within one.
"""

from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from heapq import heappop, heappush
from typing import Final

from townhall_local.rehearsal.petitions import Petition
from townhall_local.rehearsal.schedule import Ballot, Schedule, Tally
from townhall_local.rehearsal.statement import Statement

CITIZEN: Final = "citizen-"
"""Prefix of a voter's subject, followed by a number from 0."""


def schedule(petitions: Sequence[Petition], total: int) -> Schedule:
    """Return a schedule with so many ballots, all of them yes, and a statement for each petition."""
    counts = shares([petition.consents for petition in petitions], total)
    return Schedule(
        statements=tuple(Statement(each.id, f"author-{each.id}", each.title) for each in petitions),
        ballots=_ballots([petition.id for petition in petitions], counts),
        count=total,
        voters=max(counts),
        expected={each.id: Tally(yes, 0, yes) for each, yes in zip(petitions, counts, strict=True)},
    )


def shares(counts: Sequence[int], total: int) -> list[int]:
    """Divide a total in proportion to counts, by largest remainder; of equal remainders the first is rounded up."""
    whole = sum(counts)
    given = [count * total // whole for count in counts]
    by_remainder = sorted(range(len(counts)), key=lambda each: -(counts[each] * total % whole))
    for each in by_remainder[: total - sum(given)]:
        given[each] += 1
    return given


def scaled(petitions: Iterable[Petition], scale: Fraction) -> int:
    """Return the sum of all consents times the scale, rounded."""
    return round(sum(petition.consents for petition in petitions) * scale)


def interleaved(counts: Sequence[int]) -> Iterator[int]:
    """Yield each index as often as its count, never a whole one ahead of its proportional share, nor behind it.

    The n-th occurrence has a release time, when its share reaches n - 1, and a deadline, when it reaches n. Earliest
    deadline first meets all deadlines whenever possible, and here it is possible (Liu and Layland 1973; Baruah and
    others 1996, "Proportionate progress").
    """
    total = sum(counts)
    unreleased = [(0, each, 0) for each, count in enumerate(counts) if count]
    """Release time, index, number of earlier occurrences."""
    ready: list[tuple[int, int, int]] = []
    for now in range(total):
        while unreleased and unreleased[0][0] <= now:
            _, each, before = heappop(unreleased)
            deadline = -(-(before + 1) * total // counts[each]) - 1
            heappush(ready, (deadline, each, before))
        _, each, before = heappop(ready)
        yield each
        if before + 1 < counts[each]:
            heappush(unreleased, ((before + 1) * total // counts[each], each, before + 1))


def citizens(counts: Sequence[int], order: Iterator[int]) -> Iterator[tuple[int, int]]:
    """Yield (index, voter number) for each index in `order`; a voter votes at most once on each index.

    There are as many voters as the largest count. The ballots of a voter are close together, so that one access token
    serves them all.
    """
    voters, total = max(counts), sum(counts)
    last = [-1] * len(counts)
    for now, each in enumerate(order):
        # Never past the last voter: the n-th of N occurrences comes before n/N of the time is over (see `interleaved`).
        last[each] = max(now * voters // total, last[each] + 1)
        yield each, last[each]


def _ballots(ids: Sequence[str], counts: Sequence[int]) -> Iterator[Ballot]:
    for each, number in citizens(counts, interleaved(counts)):
        yield Ballot(ids[each], f"{CITIZEN}{number}", yes=True)
