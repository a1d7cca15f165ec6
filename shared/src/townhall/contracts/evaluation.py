"""Events of the evaluation service: initiatives, milestones, rounds and published results."""

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
    """Base of the events about the initiative of one adopted task."""

    TOPIC: ClassVar[str] = TOPIC
    KEY: ClassVar[str] = "task_id"

    task_id: TaskId
    initiative_id: InitiativeId


class InitiativeOpened(InitiativeEvent):
    """A directive that adopts a task opened its initiative: one per task and per directive."""

    TYPE: ClassVar[str] = "evaluation.initiative-opened.v1"

    directive_id: DirectiveId
    title: Title
    responsible_body: BodyName
    due_on: date
    """The day by which the responsible body must complete it."""


class MilestonePlanned(InitiativeEvent):
    """The responsible body planned a milestone."""

    TYPE: ClassVar[str] = "evaluation.milestone-planned.v1"

    milestone_id: MilestoneId
    title: Title
    due_on: date
    """The day by which it should be reached."""


class MilestoneReached(InitiativeEvent):
    """The responsible body reported a milestone as reached."""

    TYPE: ClassVar[str] = "evaluation.milestone-reached.v1"

    milestone_id: MilestoneId
    title: Title
    note: Note = ""


class MilestoneOverdue(InitiativeEvent):
    """A milestone was not reached by its due date. Announced once; it may still be reached."""

    TYPE: ClassVar[str] = "evaluation.milestone-overdue.v1"

    milestone_id: MilestoneId
    title: Title
    due_on: date
    """The due date that passed."""
    rule: RuleUsed


class InitiativeStarted(InitiativeEvent):
    """Work on the initiative began."""

    TYPE: ClassVar[str] = "evaluation.initiative-started.v1"


class InitiativeDelayed(InitiativeEvent):
    """The due date was moved, with a reason."""

    TYPE: ClassVar[str] = "evaluation.initiative-delayed.v1"

    reason: ReasonCode
    note: Note = ""
    was_due_on: date
    """The due date before."""
    due_on: date
    """The new due date."""
    acted_by: ActedBy


class InitiativeOverdue(InitiativeEvent):
    """The due date passed before the initiative was completed or the date moved. Announced once per due date."""

    TYPE: ClassVar[str] = "evaluation.initiative-overdue.v1"

    due_on: date
    """The due date that passed."""
    rule: RuleUsed | None = None
    """The rule whose time zone determines the end of the day; None in events announced before this field existed."""


class InitiativeDone(InitiativeEvent):
    """The responsible body reported the initiative as done."""

    TYPE: ClassVar[str] = "evaluation.initiative-done.v1"

    note: Note = ""


class InitiativeDropped(InitiativeEvent):
    """The responsible body dropped the initiative, with a reason."""

    TYPE: ClassVar[str] = "evaluation.initiative-dropped.v1"

    reason: ReasonCode
    note: Note = ""
    acted_by: ActedBy


class InitiativeVerified(InitiativeEvent):
    """The Support Unit confirmed that the report, done or dropped, is true."""

    TYPE: ClassVar[str] = "evaluation.initiative-verified.v1"

    acted_by: ActedBy
    note: Note = ""


class InitiativeEvaluated(InitiativeEvent):
    """The published result of one initiative in one round."""

    TYPE: ClassVar[str] = "evaluation.initiative-evaluated.v1"

    round_id: RoundId
    panel_score: Score
    panel_size: PositiveInt
    """The number of panel members."""
    panel_count: PositiveInt
    """The number of panel members who scored this initiative."""
    open_score: Score | None
    """None if no citizen outside the panel scored; the weighted score is then the panel score."""
    open_count: NonNegativeInt
    """The number of citizens outside the panel who scored."""
    weighted_score: Score
    rule: RuleUsed


class RoundEvent(Event):
    """Base of the events about one evaluation round."""

    TOPIC: ClassVar[str] = TOPIC
    KEY: ClassVar[str] = "round_id"

    round_id: RoundId


class RoundOpened(RoundEvent):
    """A round opened: citizens may apply for the panel. The seed of the draw is committed to by its hash."""

    TYPE: ClassVar[str] = "evaluation.round-opened.v1"

    title: Title
    initiative_ids: tuple[InitiativeId, ...]
    panel_size: PositiveInt
    """Seats on the panel."""
    seed_commitment: str
    """SHA-256 of the seed, in lowercase hexadecimal, published before applications close."""
    applications_close_at: AwareDatetime
    """The time until which citizens may apply."""
    rule: RuleUsed


class PanelDrawn(RoundEvent):
    """The panel was drawn at random. Anyone can repeat the draw from the seed and the published frame."""

    TYPE: ClassVar[str] = "evaluation.panel-drawn.v1"

    seed: str
    """The seed of the draw, whose hash was published when the round opened."""
    frame_sha256: str
    """SHA-256 of the published list of tickets: shows that no ticket was added afterwards."""
    applicants: PositiveInt
    """The number of tickets in the frame."""
    panel_size: PositiveInt
    """The number of tickets drawn."""


class ResultsPublished(RoundEvent):
    """The results of a round were published, which ends it."""

    TYPE: ClassVar[str] = "evaluation.results-published.v1"

    initiatives: PositiveInt
    """The number of evaluated initiatives."""
    rule: RuleUsed


class RoundOverdue(RoundEvent):
    """The panel was not drawn, or the results were not published, by the due time. Announced once for each."""

    TYPE: ClassVar[str] = "evaluation.round-overdue.v1"

    awaited: Literal["draw", "publication"]
    """The step that is late: the draw of the panel, or the publication of the results."""
    due_at: AwareDatetime
    """The time by which it was due."""
    rule: RuleUsed


class RoundCancelled(RoundEvent):
    """A round was cancelled. Its initiatives may be evaluated in another one."""

    TYPE: ClassVar[str] = "evaluation.round-cancelled.v1"

    reason: ReasonCode
    note: Note = ""
    acted_by: ActedBy
