"""The input of a rehearsal: statements to vote on, ballots in order, and the expected totals."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from townhall_local.rehearsal.statement import Statement


class Ballot(NamedTuple):
    """One voter's ballot on one statement. The ballots of a voter are cast in order."""

    statement_id: str
    voter: str
    yes: bool


@dataclass(frozen=True, slots=True)
class Tally:
    """The expected totals of one statement, where every voter's last ballot counts."""

    yes: int
    no: int
    ever_yes: int
    """Number of voters who voted yes at any time, the upper bound of the yes count at any moment."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """Everything a rehearsal sends. `expected` has every statement and is computed without the platform."""

    statements: tuple[Statement, ...]
    ballots: Iterable[Ballot]
    count: int
    """Number of ballots."""
    voters: int
    expected: Mapping[str, Tally]
