"""Papers and views of initiatives and of opinions on them."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field

from evaluation.domain import reasons
from evaluation.domain.initiative import State
from evaluation.domain.opinion import Opinion, Stance
from evaluation.schemas.results import ResultResponse
from evaluation.schemas.words import NoteText, OpinionText, TitleText
from evaluation.store.initiatives import InitiativeDetails
from townhall.chassis.http import Day, RequestModel, ResponseModel
from townhall.contracts.values import ActedBy, ReasonCode

_ONE_OF_DELAY = f"One of:\n\n{reasons.published(reasons.DELAY)}"
_ONE_OF_DROP = f"One of:\n\n{reasons.published(reasons.DROP)}"


class MilestoneRequest(RequestModel):
    """A step the responsible body plans."""

    title: TitleText
    due_on: Annotated[Day, Field(examples=["2027-05-31"])]


class NoteRequest(RequestModel):
    """A public word beside an act."""

    note: NoteText = ""


class DelayRequest(RequestModel):
    """A new due date, and why."""

    reason: Annotated[ReasonCode, Field(examples=["procurement"], description=_ONE_OF_DELAY)]
    note: NoteText = ""
    due_on: Annotated[Day, Field(examples=["2027-09-30"], description="Later than the present due date, and not past.")]


class DropRequest(RequestModel):
    """Why the initiative is given up."""

    reason: Annotated[ReasonCode, Field(examples=["superseded"], description=_ONE_OF_DROP)]
    note: NoteText = ""


class OpinionRequest(RequestModel):
    """What a citizen thinks of the result. It is published with these words and without a name."""

    stance: Annotated[Stance, Field(examples=["satisfied"])]
    text: OpinionText


class OpinionResponse(ResponseModel):
    """An opinion as anyone may see it."""

    opinion_id: UUID
    stance: Stance
    text: str
    given_at: datetime

    @classmethod
    def of(cls, opinion: Opinion) -> "OpinionResponse":
        """Everything about it, but for whose it is."""
        return cls(opinion_id=opinion.id, stance=opinion.stance, text=opinion.text, given_at=opinion.given_at)


class MilestoneResponse(ResponseModel):
    """A planned step."""

    milestone_id: Annotated[UUID, Field(validation_alias="id")]
    title: str
    due_on: date
    planned_at: datetime
    reached_at: datetime | None
    note: str
    overdue: bool
    """Whether it was announced that its day passed without it; it may have been reached since."""


class DelayResponse(ResponseModel):
    """One move of the due date."""

    reason: str
    note: str
    was_due_on: date
    due_on: date
    acted_by: ActedBy
    at: datetime


class ReportResponse(ResponseModel):
    """The responsible body's last word."""

    outcome: State
    reason: str | None
    note: str
    acted_by: ActedBy
    at: datetime


class VerificationResponse(ResponseModel):
    """The Support Unit's word that the report is true."""

    note: str
    acted_by: ActedBy
    at: datetime


class InitiativeResponse(ResponseModel):
    """An initiative as anyone may see it, with every delay it ever had."""

    initiative_id: UUID
    task_id: UUID
    directive_id: UUID
    title: str
    responsible_body: str
    state: State
    due_on: date
    overdue: bool
    """Whether the present due date was announced as passed."""
    opened_at: datetime
    started_at: datetime | None
    milestones: list[MilestoneResponse]
    delays: list[DelayResponse]
    report: ReportResponse | None
    verification: VerificationResponse | None
    opinions: Annotated[dict[Stance, int], Field(examples=[{"satisfied": 12, "mixed": 3, "dissatisfied": 1}])]
    evaluation: ResultResponse | None

    @classmethod
    def of(cls, details: InitiativeDetails) -> "InitiativeResponse":
        """Everything about it."""
        initiative = details.initiative
        return cls(
            initiative_id=initiative.id,
            task_id=initiative.task_id,
            directive_id=initiative.directive_id,
            title=initiative.title,
            responsible_body=initiative.responsible_body,
            state=initiative.state,
            due_on=initiative.due_on,
            overdue=initiative.overdue_for == initiative.due_on,
            opened_at=initiative.opened_at,
            started_at=initiative.started_at,
            milestones=[MilestoneResponse.model_validate(each) for each in initiative.milestones],
            delays=[DelayResponse.model_validate(each) for each in initiative.delays],
            report=ReportResponse.model_validate(initiative.report) if initiative.report else None,
            verification=VerificationResponse.model_validate(initiative.verification)
            if initiative.verification
            else None,
            opinions={stance: details.opinions.get(stance, 0) for stance in Stance},
            evaluation=ResultResponse.of(details.result) if details.result else None,
        )
