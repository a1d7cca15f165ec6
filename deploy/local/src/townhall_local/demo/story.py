"""The shape of the story in story.toml. Reading it checks it, so a cast_ballot of the pen ends the demo before it starts."""

import tomllib
from importlib.resources import files
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, PositiveInt

Choice = Literal["yes", "no"]


class Told(BaseModel):
    """A part of the story."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)


class Wording(Told):
    """What a proposal says."""

    title: str
    problem: str
    remedy: str


class Screening(Told):
    """What the Support Unit makes of a proposal."""

    decision: Literal["admit", "reject", "request-revision", "merge"]
    reason: str
    note: str
    merge_into: str | None = None


class Proposal(Wording):
    """A citizen's proposal and its way through screening."""

    key: str
    author: str
    topic: str
    supporters: int
    screening: Screening
    resubmission: Wording | None = None
    second_screening: Screening | None = None

    @property
    def wording(self) -> dict[str, str]:
        """As the API takes it."""
        return {"title": self.title, "problem": self.problem, "remedy": self.remedy, "topic": self.topic}


class Rule(Told):
    """The threshold in force, with its article."""

    article: str
    more_than: PositiveInt


class Task(Told):
    """What is put to the vote."""

    title: str
    summary: str
    proposals: tuple[str, ...]
    reason: str
    note: str


class Change(Told):
    """A citizen, by number from 1, who comes to another mind."""

    citizen: PositiveInt
    to: Choice


class Vote(Told):
    """Who says what, in which order."""

    ballots: Annotated[str, Field(pattern="^[yn]+$")]
    repeats: tuple[PositiveInt, ...]
    changes: tuple[Change, ...]

    @property
    def first(self) -> list[tuple[int, Choice]]:
        """Everybody's first ballot."""
        return [(number, "yes" if letter == "y" else "no") for number, letter in enumerate(self.ballots, 1)]

    @property
    def final(self) -> dict[int, Choice]:
        """Everybody's last ballot: the one that counts."""
        return dict(self.first) | {change.citizen: change.to for change in self.changes}


class Member(Told):
    """A member of the Committee and where they stand."""

    name: str
    stance: Literal["for", "against", "abstain"]
    note: str = ""


class Recused(Told):
    """A member who steps aside, and why."""

    name: str
    reason: str


class Sitting(Told):
    """A sitting of the Committee."""

    capacity: PositiveInt
    place: str
    chair: str
    members: tuple[Member, ...]
    recused: Recused


class Decided(Told):
    """What the chair decides, and where the chair stands."""

    stance: Literal["for", "against", "abstain"]
    decision: str
    reasons: tuple[str, ...]
    note: str


class Directive(Told):
    """Who must do what, by when."""

    responsible_body: str
    instruction: str
    due_in_days: PositiveInt


class Meeting(Told):
    """A strategy meeting and what it makes of the case."""

    capacity: PositiveInt
    outcome: str
    reason: str
    note: str
    directive: Directive


class Milestone(Told):
    """A step of delivery, and what is reported when it is reached."""

    title: str
    due_in_days: PositiveInt
    note: str


class Delay(Told):
    """A new due date, and why."""

    reason: str
    note: str
    due_in_days: PositiveInt


class Said(Told):
    """A note of an official."""

    note: str


class Delivery(Told):
    """How the responsible body carries the directive out."""

    milestones: tuple[Milestone, ...]
    delay: Delay
    completion: Said
    verification: Said


class Opinion(Told):
    """What a citizen thinks of the result."""

    author: str
    stance: Literal["satisfied", "mixed", "dissatisfied"]
    text: str


class Round(Told):
    """An evaluation round: who applies, who scores what."""

    title: str
    panel_size: PositiveInt
    applications_close_in_seconds: PositiveInt
    seed: str
    applicants: PositiveInt
    regions: tuple[str, ...]
    age_bands: tuple[str, ...]
    sexes: tuple[str, ...]
    panel_scores: tuple[int, ...]
    open_scores: tuple[int, ...]


class Story(Told):
    """One consultation from first proposal to published evaluation."""

    title: str
    rule: Rule
    proposals: tuple[Proposal, ...]
    task: Task
    vote: Vote
    sitting: Sitting
    decision: Decided
    meeting: Meeting
    delivery: Delivery
    opinions: tuple[Opinion, ...]
    round: Round


def told() -> Story:
    """The story of the demo."""
    return Story.model_validate(tomllib.loads(files(__package__).joinpath("story.toml").read_text(encoding="utf-8")))
