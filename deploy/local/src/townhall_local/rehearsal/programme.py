"""What a rehearsal plays: statements to vote on, ballots in their order, and the totals that must come of them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from townhall_local.rehearsal.statement import Statement


class Ballot(NamedTuple):
    """What one voter says about one statement. A voter's ballots are cast in their order."""

    statement_id: str
    voter: str
    yes: bool


@dataclass(frozen=True, slots=True)
class Tally:
    """The ballots on one statement when every voter's last ballot counts."""

    yes: int
    no: int
    ever_yes: int
    """How many voters ever said yes: no order of ballots can bring the yes count above it."""


@dataclass(frozen=True, slots=True)
class Programme:
    """A consultation to be played. `expected` is worked out without the platform, and names every statement."""

    statements: tuple[Statement, ...]
    ballots: Iterable[Ballot]
    count: int
    """How many ballots there are."""
    voters: int
    expected: Mapping[str, Tally]
