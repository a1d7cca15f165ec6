"""The ledger: what clients requested and how they were answered.

No answer does not mean no effect: a request that was never answered is *indeterminate*, and the checker accepts either
outcome.
"""

from collections import Counter
from dataclasses import dataclass, field
from typing import Final

OUTLASTS: Final = 60.0
"""Seconds ahead from which on a closing time counts as after the run."""


@dataclass(slots=True)
class BallotEntry:
    """One citizen's ballot on one task, as that citizen knows it."""

    acknowledged: str | None = None
    indeterminate: set[str] = field(default_factory=set)

    @property
    def allowed(self) -> set[str]:
        """The choices that the stored ballot may have at the end."""
        return self.indeterminate | ({self.acknowledged} if self.acknowledged else set())


@dataclass(slots=True)
class VoteEntry:
    """A task put to the vote by the campaign."""

    task_id: str
    title: str
    closes_at: float
    yes_share: float
    """The share of yes among its voters."""
    seen_open: bool = False


@dataclass(slots=True)
class Created:
    """Things created by POST, by a unique name: exactly once if acknowledged, at most once if indeterminate."""

    acknowledged: set[str] = field(default_factory=set)
    indeterminate: set[str] = field(default_factory=set)
    refused: set[str] = field(default_factory=set)


@dataclass(slots=True)
class Ledger:
    """The entries of all clients."""

    ballots: dict[tuple[str, str], BallotEntry] = field(default_factory=dict)
    """By task and citizen."""
    votes: dict[str, VoteEntry] = field(default_factory=dict)
    """By task."""
    tasks: Created = field(default_factory=Created)
    proposals: Created = field(default_factory=Created)
    referrals: Created = field(default_factory=Created)
    answers: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    """Answers that break a rule, as `<rule>: <finding>`."""

    def ballot(self, task_id: str, citizen: str) -> BallotEntry:
        """Return the entry of one citizen's ballot."""
        return self.ballots.setdefault((task_id, citizen), BallotEntry())

    def still_to_close(self, now: float) -> list[float]:
        """Return the closing times after `now`, sorted, without those after the run."""
        return sorted(vote.closes_at for vote in self.votes.values() if now < vote.closes_at < now + OUTLASTS)

    @property
    def acknowledged(self) -> int:
        """The number of ballots that were acknowledged."""
        return sum(entry.acknowledged is not None for entry in self.ballots.values())
