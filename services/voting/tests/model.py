"""The reference model of voting: keeps every accepted ballot in a list and recounts it for each question."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from townhall.contracts.values import TaskId
from voting.domain.ballot import Ballot, Choice, VoterHash


@dataclass
class VoteModel:
    """One vote: its period, its terms and its accepted ballots."""

    opens_at: datetime
    closes_at: datetime
    opened_with: tuple[int, bool] | None = None
    """The number that yes must exceed, and whether ballots may change; None until the vote is opened."""
    closed: bool = False
    accepted: list[Ballot] = field(default_factory=list)
    crossed_by: list[Ballot] = field(default_factory=list)
    """The ballots with which yes exceeded the number for the first time: at most one."""

    def cast(self, ballot: Ballot, at: datetime) -> str:
        """Accept or refuse a ballot; return its outcome or the code of the refusal."""
        if self.opened_with is None or self.closed or at < self.opens_at or at >= self.closes_at:
            return "vote-not-open"
        more_than, changeable = self.opened_with
        earlier = [old.choice for old in self.accepted if old.voter == ballot.voter]
        if earlier and earlier[-1] is ballot.choice:
            return "unchanged"
        if earlier and not changeable:
            return "ballot-is-final"
        self.accepted.append(ballot)
        if self.totals()[0] > more_than and not self.crossed_by:
            self.crossed_by.append(ballot)
        return "changed" if earlier else "counted"

    def current_ballots(self) -> dict[VoterHash, Choice]:
        """Return the last accepted choice of each citizen."""
        return {ballot.voter: ballot.choice for ballot in self.accepted}

    def totals(self) -> tuple[int, int]:
        """Recount yes and no."""
        choices = list(self.current_ballots().values())
        return len([each for each in choices if each is Choice.YES]), len(
            [each for each in choices if each is Choice.NO]
        )


@dataclass
class VotingModel:
    """All votes, and one clock."""

    at: datetime
    votes: dict[TaskId, VoteModel]

    def wait(self, time: timedelta) -> None:
        """Advance the clock."""
        self.at += time

    def cast(self, ballots: list[Ballot]) -> list[str]:
        """Cast ballots one after the other."""
        return [self.votes[ballot.task_id].cast(ballot, self.at) for ballot in ballots]
