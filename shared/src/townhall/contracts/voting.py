"""The facts the voting service announces. Totals only: nothing of a single ballot is ever here."""

from typing import ClassVar

from pydantic import AwareDatetime, NonNegativeInt, PositiveInt

from townhall.contracts.event import Event
from townhall.contracts.values import RuleUsed, TaskId, Title

TOPIC = "townhall.voting.v1"


class VoteEvent(Event):
    """A fact about the vote on one task."""

    TOPIC: ClassVar[str] = TOPIC
    KEY: ClassVar[str] = "task_id"

    task_id: TaskId


class VoteScheduled(VoteEvent):
    """A vote will open at its time."""

    TYPE: ClassVar[str] = "voting.vote-scheduled.v1"

    opens_at: AwareDatetime
    closes_at: AwareDatetime


class VoteOpened(VoteEvent):
    """Citizens may cast ballots from now until the closing time, under the rule version named."""

    TYPE: ClassVar[str] = "voting.vote-opened.v1"

    closes_at: AwareDatetime
    more_than: NonNegativeInt
    """The vote passes when *more than* this number voted yes."""
    rule: RuleUsed


class ThresholdReached(VoteEvent):
    """More than the required number voted yes. Announced once per task and rule version; never taken back."""

    TYPE: ClassVar[str] = "voting.threshold-reached.v1"

    title: Title
    yes: PositiveInt
    no: NonNegativeInt
    more_than: NonNegativeInt
    reached_at: AwareDatetime
    rule: RuleUsed


class VoteClosed(VoteEvent):
    """No ballot is accepted any more; these totals are final."""

    TYPE: ClassVar[str] = "voting.vote-closed.v1"

    yes: NonNegativeInt
    no: NonNegativeInt
    threshold_reached: bool
    closed_at: AwareDatetime
    rule: RuleUsed
