"""An independent check of a panel's draw, from the data and by the procedure that the round published.

It shares no code with the service that drew: any citizen could write it.
"""

import hashlib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from fractions import Fraction

Ticket = Mapping[str, str]


def fingerprint(text: str) -> str:
    """Return the SHA-256 of a text in hexadecimal digits, as the round publishes it."""
    return hashlib.sha256(text.encode()).hexdigest()


def frame_fingerprint(frame: Sequence[Ticket]) -> str:
    """Return the SHA-256 over all tickets, one a line, sorted by name."""
    lines = sorted(f"{one['ticket']}|{_stratum(one)}" for one in frame)
    return fingerprint("".join(f"{line}\n" for line in lines))


def draw(frame: Sequence[Ticket], panel_size: int, seed: str) -> list[str]:
    """Return the tickets that this seed draws, sorted."""
    strata: defaultdict[str, list[str]] = defaultdict(list)
    for one in frame:
        strata[_stratum(one)].append(one["ticket"])
    seats = _seats({name: len(tickets) for name, tickets in strata.items()}, min(panel_size, len(frame)), seed)
    return sorted(ticket for name, tickets in strata.items() for ticket in _first(tickets, seats[name], seed))


def _first(tickets: list[str], seats: int, seed: str) -> list[str]:
    return sorted(tickets, key=lambda ticket: fingerprint(f"{seed}|{ticket}"))[:seats]


def _seats(sizes: Mapping[str, int], seats: int, seed: str) -> dict[str, int]:
    """Return the seats of each stratum: proportional, by largest remainder."""
    applicants = sum(sizes.values())
    exact = {name: Fraction(seats * size, applicants) for name, size in sizes.items()}
    whole = {name: int(share) for name, share in exact.items()}
    order = sorted(exact, key=lambda name: (whole[name] - exact[name], fingerprint(f"{seed}|{name}")))
    left = seats - sum(whole.values())
    return {name: whole[name] + (name in order[:left]) for name in exact}


def _stratum(one: Ticket) -> str:
    return f"{one['region']}|{one['age_band']}|{one['sex']}"
