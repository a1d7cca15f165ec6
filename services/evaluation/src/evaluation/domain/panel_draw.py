"""The random draw of a panel: stratified, and repeatable by anyone from the published frame and seed.

1. The *frame* is the list of all applications: ticket, region, age band, sex, sorted by ticket (by code point). Its
   SHA-256 is taken over its lines `ticket|region|age_band|sex`, each ended by a line feed, in UTF-8.
2. `seats` is the panel size, or the number of applications if that is smaller.
3. A *stratum* is all applications of one `region|age_band|sex`. Its exact share is seats x its size / all applications.
   Each stratum gets its share rounded down. The remaining seats go one each to the strata with the largest remainders;
   strata with equal remainders are ordered by SHA-256(`seed|stratum`), so that no name has an advantage.
4. Within a stratum the applications are ordered by SHA-256(`seed|ticket`), in lowercase hexadecimal. The first ones get
   the seats of the stratum.

The seed is hashed as its UTF-8 text, in Unicode's composed form (NFC). SHA-256(`seed`) is published when the round
opens, before anyone applies.
"""

import hashlib
from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from fractions import Fraction

from townhall.rejected import Rejected


class SeedMismatch(Rejected):
    """The hash of the seed is not the commitment of the round."""

    code = "seed-does-not-match"
    rule = "E10"
    status = 422
    title = "The SHA-256 of this seed is not the commitment the round was opened with."


@dataclass(frozen=True, slots=True, order=True)
class Ticket:
    """One application as it is published: a random identifier, and its stratum."""

    ticket: str
    region: str
    age_band: str
    sex: str

    @property
    def stratum(self) -> str:
        """The name of the stratum: `region|age_band|sex`."""
        return f"{self.region}|{self.age_band}|{self.sex}"


@dataclass(frozen=True, slots=True)
class FrameEntry:
    """A line of the published frame, and whether it was drawn."""

    ticket: Ticket
    drawn: bool


def sha256(text: str) -> str:
    """Return the SHA-256 of the text in UTF-8, in lowercase hexadecimal."""
    return hashlib.sha256(text.encode()).hexdigest()


def require_committed(seed: str, commitment: str) -> None:
    """Raise `SeedMismatch` unless SHA-256(`seed`) is the commitment (E10)."""
    if sha256(seed) != commitment:
        raise SeedMismatch


def frame_sha256(frame: Collection[Ticket]) -> str:
    """Return the hash of the frame (step 1). It shows that no application was added or changed afterwards."""
    return sha256("".join(f"{each.ticket}|{each.stratum}\n" for each in sorted(frame)))


def quotas(sizes: Mapping[str, int], seats: int, seed: str) -> dict[str, int]:
    """Return the seats of each stratum, given the sizes of the strata: proportional, by largest remainder (step 3)."""
    total = sum(sizes.values())
    shares = {stratum: Fraction(seats * size, total) for stratum, size in sizes.items()}
    given = {stratum: int(share) for stratum, share in shares.items()}
    by_remainder = sorted(shares, key=lambda stratum: (given[stratum] - shares[stratum], sha256(f"{seed}|{stratum}")))
    for stratum in by_remainder[: seats - sum(given.values())]:
        given[stratum] += 1
    return given


def draw(frame: Collection[Ticket], panel_size: int, seed: str) -> frozenset[str]:
    """Return the drawn tickets (steps 2 to 4). The order of the frame doesn't matter."""
    seats = min(panel_size, len(frame))
    strata: dict[str, list[str]] = defaultdict(list)
    for each in frame:
        strata[each.stratum].append(each.ticket)
    given = quotas({stratum: len(tickets) for stratum, tickets in strata.items()}, seats, seed)
    return frozenset(
        ticket
        for stratum, tickets in strata.items()
        for ticket in sorted(tickets, key=lambda ticket: sha256(f"{seed}|{ticket}"))[: given[stratum]]
    )
