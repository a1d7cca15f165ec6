"""The naive model of voting: every accepted ballot on a pile, recounted from the bottom each time it is asked."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from townhall.contracts.values import TaskId
from voting.domain.ballot import Ballot, Choice, Voter


@dataclass
class Poll:
    """One vote as its notice title: its hours, its rule, and the pile of accepted ballots."""

    opens_at: datetime
    closes_at: datetime
    opened_with: tuple[int, bool] | None = None
    """More than how many must say yes, and whether ballots may change; None until somebody opened it."""
    over: bool = False
    pile: list[Ballot] = field(default_factory=list)
    crossed_by: list[Ballot] = field(default_factory=list)
    """The ballots that brought the yes votes above the number for the first time: at most one."""

    def take(self, ballot: Ballot, at: datetime) -> str:
        """Put a ballot on the pile, or not; return what the citizen must be told."""
        if self.opened_with is None or self.over or at < self.opens_at or at >= self.closes_at:
            return "vote-not-open"
        more_than, changeable = self.opened_with
        mine = [old.choice for old in self.pile if old.voter == ballot.voter]
        if mine and mine[-1] is ballot.choice:
            return "unchanged"
        if mine and not changeable:
            return "ballot-is-final"
        self.pile.append(ballot)
        if self.totals()[0] > more_than and not self.crossed_by:
            self.crossed_by.append(ballot)
        return "changed" if mine else "counted"

    def current_ballot(self) -> dict[Voter, Choice]:
        """Go through the pile: the last ballot of each citizen stands."""
        return {ballot.voter: ballot.choice for ballot in self.pile}

    def totals(self) -> tuple[int, int]:
        """Count yes and no by hand."""
        chosen = list(self.current_ballot().values())
        return len([each for each in chosen if each is Choice.YES]), len([each for each in chosen if each is Choice.NO])


@dataclass
class VotingHarness:
    """All votes, and one clock."""

    at: datetime
    harness: dict[TaskId, Poll]

    def wait(self, time: timedelta) -> None:
        """Let time pass."""
        self.at += time

    def take(self, ballots: list[Ballot]) -> list[str]:
        """Take ballots one after the other."""
        return [self.harness[ballot.task_id].take(ballot, self.at) for ballot in ballots]
