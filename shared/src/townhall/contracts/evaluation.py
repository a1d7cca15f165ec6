"""The facts the evaluation service announces: initiatives, their progress, rounds and published results."""

from datetime import date
from typing import ClassVar, Literal

from pydantic import AwareDatetime, NonNegativeInt, PositiveInt

from townhall.contracts.event import Event
from townhall.contracts.values import (
    ActedBy,
    BodyName,
    DirectiveId,
    InitiativeId,
    MilestoneId,
    Note,
    ReasonCode,
    RoundId,
    RuleUsed,
    Score,
    TaskId,
    Title,
)

TOPIC = "townhall.evaluation.v1"


class InitiativeEvent(Event):
    """A fact about the delivery of one adopted task."""

    TOPIC: ClassVar[str] = TOPIC
    KEY: ClassVar[str] = "task_id"

    task_id: TaskId
    initiative_id: InitiativeId


class InitiativeOpened(InitiativeEvent):
    """An adopting directive made an initiative, once."""

    TYPE: ClassVar[str] = "evaluation.initiative-opened.v1"

    directive_id: DirectiveId
    title: Title
    responsible_body: BodyName
    due_on: date
    """By when the responsible body delivers."""


class MilestonePlanned(InitiativeEvent):
    """The responsible body planned a milestone."""

    TYPE: ClassVar[str] = "evaluation.milestone-planned.v1"

    milestone_id: MilestoneId
    title: Title
    due_on: date
    """By when it should be reached."""


class MilestoneReached(InitiativeEvent):
    """The responsible body reported a milestone as reached."""

    TYPE: ClassVar[str] = "evaluation.milestone-reached.v1"

    milestone_id: MilestoneId
    title: Title
    note: Note = ""


class MilestoneOverdue(InitiativeEvent):
    """A milestone's day passed and it was not reached. Told once; it may still be reached."""

    TYPE: ClassVar[str] = "evaluation.milestone-overdue.v1"

    milestone_id: MilestoneId
    title: Title
    due_on: date
    """The day that passed."""
    rule: RuleUsed


class InitiativeStarted(InitiativeEvent):
    """Work on the initiative began."""

    TYPE: ClassVar[str] = "evaluation.initiative-started.v1"


class InitiativeDelayed(InitiativeEvent):
    """The due date moved, with a reason."""

    TYPE: ClassVar[str] = "evaluation.initiative-delayed.v1"

    reason: ReasonCode
    note: Note = ""
    was_due_on: date
    """The day it was due before."""
    due_on: date
    """The day it is due now."""
    acted_by: ActedBy


class InitiativeOverdue(InitiativeEvent):
    """The due date passed without completion or a new date."""

    TYPE: ClassVar[str] = "evaluation.initiative-overdue.v1"

    due_on: date
    """The day that passed."""
    rule: RuleUsed | None = None
    """The rule that says where the day ended; None in events announced before it was told."""


class InitiativeDone(InitiativeEvent):
    """The responsible body reported the initiative as done."""

    TYPE: ClassVar[str] = "evaluation.initiative-done.v1"

    note: Note = ""


class InitiativeDropped(InitiativeEvent):
    """The responsible body gave the initiative up, with a reason."""

    TYPE: ClassVar[str] = "evaluation.initiative-dropped.v1"

    reason: ReasonCode
    note: Note = ""
    acted_by: ActedBy


class InitiativeVerified(InitiativeEvent):
    """The Support Unit verified that what was reported is true."""

    TYPE: ClassVar[str] = "evaluation.initiative-verified.v1"

    acted_by: ActedBy
    note: Note = ""


class InitiativeEvaluated(InitiativeEvent):
    """The published result of citizens' evaluation in one round."""

    TYPE: ClassVar[str] = "evaluation.initiative-evaluated.v1"

    round_id: RoundId
    panel_score: Score
    panel_size: PositiveInt
    """Seats of the panel."""
    panel_count: PositiveInt
    """Members of the panel who scored this initiative."""
    open_score: Score | None
    """None when no citizen outside the panel scored; the panel then counts alone."""
    open_count: NonNegativeInt
    """How many citizens outside the panel scored."""
    weighted_score: Score
    rule: RuleUsed


class RoundEvent(Event):
    """A fact about one evaluation round."""

    TOPIC: ClassVar[str] = TOPIC
    KEY: ClassVar[str] = "round_id"

    round_id: RoundId


class RoundOpened(RoundEvent):
    """Citizens may apply for the panel; the seed of the lot is committed to."""

    TYPE: ClassVar[str] = "evaluation.round-opened.v1"

    title: Title
    initiative_ids: tuple[InitiativeId, ...]
    panel_size: PositiveInt
    """Seats on the panel."""
    seed_commitment: str
    """SHA-256 of the seed, in lowercase hexadecimal, published before applications close."""
    applications_close_at: AwareDatetime
    """Until when citizens may apply."""
    rule: RuleUsed


class PanelDrawn(RoundEvent):
    """The panel was drawn by lot. Anyone can repeat the draw from the seed and the frame."""

    TYPE: ClassVar[str] = "evaluation.panel-drawn.v1"

    seed: str
    """What the lot was drawn with; its hash was published before."""
    frame_sha256: str
    """SHA-256 of the published list of tickets, so that no ticket is added afterwards."""
    applicants: PositiveInt
    """Tickets in the lot."""
    panel_size: PositiveInt
    """Seats drawn."""


class ResultsPublished(RoundEvent):
    """The round is over and its results are public."""

    TYPE: ClassVar[str] = "evaluation.results-published.v1"

    initiatives: PositiveInt
    """How many were evaluated."""
    rule: RuleUsed


class RoundOverdue(RoundEvent):
    """The panel was not drawn, or the results were not published, by the date the rule sets."""

    TYPE: ClassVar[str] = "evaluation.round-overdue.v1"

    awaited: Literal["draw", "publication"]
    """What is owed: the draw of the panel, or the publication of its results."""
    due_at: AwareDatetime
    """When it was owed."""
    rule: RuleUsed


class RoundCancelled(RoundEvent):
    """The round ended without results; its initiatives may be evaluated in another one."""

    TYPE: ClassVar[str] = "evaluation.round-cancelled.v1"

    reason: ReasonCode
    note: Note = ""
    acted_by: ActedBy
