"""The consultation that the demo runs, read from consultation.toml and validated before anything is started."""

import tomllib
from importlib.resources import files
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, PositiveInt

Choice = Literal["yes", "no"]


class Section(BaseModel):
    """A part of consultation.toml."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)


class Wording(Section):
    """The text of a proposal."""

    title: str
    problem: str
    remedy: str


class Screening(Section):
    """A screening decision of the Support Unit."""

    decision: Literal["admit", "reject", "request-revision", "merge"]
    reason: str
    note: str
    merge_into: str | None = None


class Proposal(Wording):
    """A citizen's proposal and its screening."""

    key: str
    author: str
    topic: str
    supporters: int
    screening: Screening
    resubmission: Wording | None = None
    second_screening: Screening | None = None

    @property
    def wording(self) -> dict[str, str]:
        """The text fields of the request body."""
        return {"title": self.title, "problem": self.problem, "remedy": self.remedy, "topic": self.topic}


class Rule(Section):
    """The threshold, and the article it comes from."""

    article: str
    more_than: PositiveInt


class Task(Section):
    """The task that is put to the vote."""

    title: str
    summary: str
    proposals: tuple[str, ...]
    reason: str
    note: str


class Change(Section):
    """A citizen, by number from 1, and their changed choice."""

    citizen: PositiveInt
    to: Choice


class Vote(Section):
    """All ballots, in order."""

    ballots: Annotated[str, Field(pattern="^[yn]+$")]
    repeats: tuple[PositiveInt, ...]
    changes: tuple[Change, ...]

    @property
    def first(self) -> list[tuple[int, Choice]]:
        """The first ballot of each citizen, by number from 1."""
        return [(number, "yes" if letter == "y" else "no") for number, letter in enumerate(self.ballots, 1)]

    @property
    def final(self) -> dict[int, Choice]:
        """The last ballot of each citizen, which is the one that counts."""
        return dict(self.first) | {change.citizen: change.to for change in self.changes}


class Member(Section):
    """A member of the Committee and their position."""

    name: str
    stance: Literal["for", "against", "abstain"]
    note: str = ""


class Recused(Section):
    """A member who is recused, and why."""

    name: str
    reason: str


class Sitting(Section):
    """A sitting of the Committee."""

    capacity: PositiveInt
    place: str
    chair: str
    members: tuple[Member, ...]
    recused: Recused


class Decision(Section):
    """The chair's position and decision."""

    stance: Literal["for", "against", "abstain"]
    decision: str
    reasons: tuple[str, ...]
    note: str


class Directive(Section):
    """A directive: who must do what, by when."""

    responsible_body: str
    instruction: str
    due_in_days: PositiveInt


class Meeting(Section):
    """A strategy meeting and its outcome for the case."""

    capacity: PositiveInt
    outcome: str
    reason: str
    note: str
    directive: Directive


class Milestone(Section):
    """A milestone, and the note reported when it is reached."""

    title: str
    due_in_days: PositiveInt
    note: str


class Delay(Section):
    """A delay: its reason and new due date."""

    reason: str
    note: str
    due_in_days: PositiveInt


class Note(Section):
    """A note by an official."""

    note: str


class Delivery(Section):
    """The delivery of the initiative by the responsible body."""

    milestones: tuple[Milestone, ...]
    delay: Delay
    completion: Note
    verification: Note


class Opinion(Section):
    """A citizen's opinion on the result."""

    author: str
    stance: Literal["satisfied", "mixed", "dissatisfied"]
    text: str


class Round(Section):
    """An evaluation round: its applicants and scores."""

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


class Consultation(Section):
    """One consultation from first proposal to published evaluation."""

    title: str
    rule: Rule
    proposals: tuple[Proposal, ...]
    task: Task
    vote: Vote
    sitting: Sitting
    decision: Decision
    meeting: Meeting
    delivery: Delivery
    opinions: tuple[Opinion, ...]
    round: Round


def read_consultation() -> Consultation:
    """Read consultation.toml; raises `pydantic.ValidationError`."""
    text = files(__package__).joinpath("consultation.toml").read_text(encoding="utf-8")
    return Consultation.model_validate(tomllib.loads(text))
