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
    """From when ballots are accepted."""
    closes_at: AwareDatetime
    """From when none is accepted any more."""


class VoteOpened(VoteEvent):
    """Citizens may cast ballots from now until the closing time, under the rule version named."""

    TYPE: ClassVar[str] = "voting.vote-opened.v1"

    closes_at: AwareDatetime
    """From when none is accepted any more."""
    more_than: NonNegativeInt
    """The vote passes when *more than* this number voted yes."""
    rule: RuleUsed


class ThresholdReached(VoteEvent):
    """More than the required number voted yes. Announced once per task and rule version; never taken back."""

    TYPE: ClassVar[str] = "voting.threshold-reached.v1"

    title: Title
    yes: PositiveInt
    """Citizens who voted yes."""
    no: NonNegativeInt
    """Citizens who voted no."""
    more_than: NonNegativeInt
    """The number that yes had to exceed."""
    reached_at: AwareDatetime
    """When it was counted, by voting's database."""
    rule: RuleUsed


class VoteClosed(VoteEvent):
    """No ballot is accepted any more; these totals are final."""

    TYPE: ClassVar[str] = "voting.vote-closed.v1"

    yes: NonNegativeInt
    """Citizens who voted yes."""
    no: NonNegativeInt
    """Citizens who voted no."""
    threshold_reached: bool
    """Whether the threshold was reached at any time."""
    closed_at: AwareDatetime
    """When the vote closed."""
    rule: RuleUsed
