"""Shaping a load after recorded counts: how many ballots each petition gets, in which order, and from whom.

Only counts were recorded, not who consented nor when. So the order is made up: at every moment each petition has its
share of the ballots so far, to within one.
"""

from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from heapq import heappop, heappush
from typing import Final

from townhall_local.rehearsal.petitions import Petition
from townhall_local.rehearsal.programme import Ballot, Programme, Tally
from townhall_local.rehearsal.statement import Statement

CITIZEN: Final = "citizen-"
"""With a number from 0, the subject of somebody who votes."""


def programme(board: Sequence[Petition], total: int) -> Programme:
    """The board as a consultation of so many ballots, all of them yes."""
    counts = shares([petition.consents for petition in board], total)
    return Programme(
        statements=tuple(Statement(each.id, f"author-{each.id}", each.title) for each in board),
        ballots=_ballots([petition.id for petition in board], counts),
        count=total,
        voters=max(counts),
        expected={each.id: Tally(yes, 0, yes) for each, yes in zip(board, counts, strict=True)},
    )


def shares(counts: Sequence[int], total: int) -> list[int]:
    """Divide a total in proportion to counts, by largest remainder; of equal remainders the first rounds up."""
    whole = sum(counts)
    given = [count * total // whole for count in counts]
    by_remainder = sorted(range(len(counts)), key=lambda each: -(counts[each] * total % whole))
    for each in by_remainder[: total - sum(given)]:
        given[each] += 1
    return given


def scaled(board: Iterable[Petition], scale: Fraction) -> int:
    """All consents of the board times the scale, rounded."""
    return round(sum(petition.consents for petition in board) * scale)


def interleaved(counts: Sequence[int]) -> Iterator[int]:
    """Yield each index as often as its count says, so that it never is a whole one ahead of its share, nor behind.

    The n-th of a count must not come before its share reaches n - 1, nor after it reaches n. Whoever's latest time is
    nearest goes first, which meets all such times whenever that can be done, and with shares of one whole it can (Liu
    and Layland 1973; Baruah and others 1996, "Proportionate progress").
    """
    total = sum(counts)
    waiting = [(0, each, 0) for each, count in enumerate(counts) if count]
    """When it may come at the earliest, whose it is, and how many came before."""
    ready: list[tuple[int, int, int]] = []
    for now in range(total):
        while waiting and waiting[0][0] <= now:
            _, each, before = heappop(waiting)
            latest = -(-(before + 1) * total // counts[each]) - 1
            heappush(ready, (latest, each, before))
        _, each, before = heappop(ready)
        yield each
        if before + 1 < counts[each]:
            heappush(waiting, ((before + 1) * total // counts[each], each, before + 1))


def citizens(counts: Sequence[int], order: Iterator[int]) -> Iterator[tuple[int, int]]:
    """Yield who votes beside what they vote on: as many people as the largest count, each once at most on anything.

    People come one after the other, and whoever is there votes on whatever is due. So those who vote on several do it
    in one visit, with one access token.
    """
    people, total = max(counts), sum(counts)
    last = [-1] * len(counts)
    for now, each in enumerate(order):
        # Never past the last person: a count's n-th of N comes before n/N of the time is over (see `interleaved`).
        last[each] = max(now * people // total, last[each] + 1)
        yield each, last[each]


def _ballots(ids: Sequence[str], counts: Sequence[int]) -> Iterator[Ballot]:
    for each, number in citizens(counts, interleaved(counts)):
        yield Ballot(ids[each], f"{CITIZEN}{number}", yes=True)
