"""What the campaign knows because it was there: who asked for what, and what they were answered.

No answer does not mean no effect: what was asked and never answered is a *maybe*, and the checker takes it either way.
"""

from collections import Counter
from dataclasses import dataclass, field
from typing import Final

OUTLASTS: Final = 60.0
"""Seconds ahead of which a vote is one of those that stay open."""


@dataclass(slots=True)
class Known:
    """One citizen's ballot on one task, as that citizen knows it."""

    acknowledged: str | None = None
    maybe: set[str] = field(default_factory=set)

    @property
    def allowed(self) -> set[str]:
        """The choices that may stand at the end."""
        return self.maybe | ({self.acknowledged} if self.acknowledged else set())


@dataclass(slots=True)
class Poll:
    """A task put to the vote by the campaign."""

    task_id: str
    title: str
    closes_at: float
    lean: float
    """The share of yes among its voters."""
    seen_open: bool = False


@dataclass(slots=True)
class Made:
    """Things made by POST, by a name of their own: made once when acknowledged, at most once when not."""

    acknowledged: set[str] = field(default_factory=set)
    maybe: set[str] = field(default_factory=set)
    refused: set[str] = field(default_factory=set)


@dataclass(slots=True)
class Ledger:
    """The memory of all clients together."""

    ballots: dict[tuple[str, str], Known] = field(default_factory=dict)
    """By task and citizen."""
    polls: dict[str, Poll] = field(default_factory=dict)
    tasks: Made = field(default_factory=Made)
    proposals: Made = field(default_factory=Made)
    referrals: Made = field(default_factory=Made)
    answers: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    """Answers that no rule explains."""

    def known(self, task_id: str, citizen: str) -> Known:
        """Return what is known of one citizen's ballot."""
        return self.ballots.setdefault((task_id, citizen), Known())

    def still_to_close(self, now: float) -> list[float]:
        """Return the closing times ahead, but for votes that outlast the run."""
        return sorted(poll.closes_at for poll in self.polls.values() if now < poll.closes_at < now + OUTLASTS)

    @property
    def acknowledged(self) -> int:
        """How many citizens were told that their ballot counts."""
        return sum(known.acknowledged is not None for known in self.ballots.values())
