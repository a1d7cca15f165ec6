"""Events of the voting service. They have totals only: nothing of a single ballot is announced (V8)."""

from typing import ClassVar

from pydantic import AwareDatetime, NonNegativeInt, PositiveInt

from townhall.contracts.event import Event
from townhall.contracts.values import RuleUsed, TaskId, Title

TOPIC = "townhall.voting.v1"


class VoteEvent(Event):
    """Base of the events about the vote on one task."""

    TOPIC: ClassVar[str] = TOPIC
    KEY: ClassVar[str] = "task_id"

    task_id: TaskId


class VoteScheduled(VoteEvent):
    """A vote was scheduled; it opens at `opens_at`."""

    TYPE: ClassVar[str] = "voting.vote-scheduled.v1"

    opens_at: AwareDatetime
    """The time from which ballots are accepted."""
    closes_at: AwareDatetime
    """The time from which ballots are no longer accepted."""


class VoteOpened(VoteEvent):
    """A vote opened: citizens may cast ballots until the closing time, under the named rule version."""

    TYPE: ClassVar[str] = "voting.vote-opened.v1"

    closes_at: AwareDatetime
    """The time from which ballots are no longer accepted."""
    more_than: NonNegativeInt
    """The threshold is reached when *more than* this number voted yes."""
    rule: RuleUsed


class ThresholdReached(VoteEvent):
    """More than the required number voted yes. Announced once per task and rule version, and never revoked."""

    TYPE: ClassVar[str] = "voting.threshold-reached.v1"

    title: Title
    yes: PositiveInt
    """The number of citizens who voted yes."""
    no: NonNegativeInt
    """The number of citizens who voted no."""
    more_than: NonNegativeInt
    """The number that yes had to exceed."""
    reached_at: AwareDatetime
    """When the ballot that reached it was counted, by the clock of voting's database."""
    rule: RuleUsed


class VoteClosed(VoteEvent):
    """A vote closed: ballots are no longer accepted, and the totals are final."""

    TYPE: ClassVar[str] = "voting.vote-closed.v1"

    yes: NonNegativeInt
    """The number of citizens who voted yes."""
    no: NonNegativeInt
    """The number of citizens who voted no."""
    threshold_reached: bool
    """Whether the threshold was reached at any time."""
    closed_at: AwareDatetime
    """When the vote closed."""
    rule: RuleUsed
