"""Bodies of the initiative routes."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field

from evaluation.domain import reasons
from evaluation.domain.initiative import State
from evaluation.domain.opinion import Stance
from evaluation.schemas.milestones import MilestoneResponse
from evaluation.schemas.results import ResultResponse
from evaluation.schemas.text import NoteText
from evaluation.store.initiatives import InitiativeDetails
from townhall.chassis.http import Day, RequestModel, ResponseModel
from townhall.contracts.values import ActedBy, ReasonCode

_DELAY_REASONS = f"One of:\n\n{reasons.markdown(reasons.DELAY)}"
_DROP_REASONS = f"One of:\n\n{reasons.markdown(reasons.DROP)}"


class NoteRequest(RequestModel):
    """A public note."""

    note: NoteText = ""


class DelayRequest(RequestModel):
    """A new due date, and the reason for it."""

    reason: Annotated[ReasonCode, Field(examples=["procurement"], description=_DELAY_REASONS)]
    note: NoteText = ""
    due_on: Annotated[
        Day, Field(examples=["2027-09-30"], description="Later than the current due date, and not in the past.")
    ]


class DropRequest(RequestModel):
    """The reason why the initiative is dropped."""

    reason: Annotated[ReasonCode, Field(examples=["superseded"], description=_DROP_REASONS)]
    note: NoteText = ""


class DelayResponse(ResponseModel):
    """One change of the due date."""

    reason: str
    note: str
    was_due_on: date
    due_on: date
    acted_by: ActedBy
    at: datetime


class ReportResponse(ResponseModel):
    """The responsible body's final report."""

    outcome: State
    reason: str | None
    note: str
    acted_by: ActedBy
    at: datetime


class VerificationResponse(ResponseModel):
    """The Support Unit's confirmation that the report is true."""

    note: str
    acted_by: ActedBy
    at: datetime


class InitiativeResponse(ResponseModel):
    """An initiative with its milestones, delays, report, opinions and result."""

    initiative_id: UUID
    task_id: UUID
    directive_id: UUID
    title: str
    responsible_body: str
    state: State
    due_on: date
    overdue: bool
    """Whether the current due date was announced as passed."""
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
        """Build the public response of an initiative."""
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
