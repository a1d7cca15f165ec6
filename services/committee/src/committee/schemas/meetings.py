"""Strategy meetings, outcomes and directives as they are handed in, and as anyone may see them."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field

from committee.domain import reasons
from committee.domain.meeting import Directive, Item, Mandate, Meeting, MeetingState, Result
from committee.schemas.cases import NoteText
from committee.schemas.sittings import Capacity
from townhall.chassis.http import Day, Line, Moment, Prose, RequestModel, ResponseModel
from townhall.contracts.values import Outcome, ReasonCode

_REASON = f"Of the outcome's list:\n{reasons.published(reasons.OUTCOMES)}"
_DIRECTIVE = "Needed when the task is adopted, with or without change; refused otherwise."


class MeetingRequest(RequestModel):
    """The call of a strategy meeting."""

    meets_at: Annotated[Moment, Field(examples=["2030-03-20T10:00:00+09:00"])]
    capacity: Capacity


class DirectiveRequest(RequestModel):
    """What is asked of whom, and by when."""

    responsible_body: Annotated[str, Line(200), Field(examples=["국토교통부"])]
    instruction: Annotated[str, Prose(2000), Field(examples=["심야 노선을 1년간 시범 운행하십시오."])]
    due_on: Annotated[Day, Field(examples=["2030-12-31"])]


class OutcomeRequest(RequestModel):
    """What the meeting made of one item of its agenda."""

    case_id: Annotated[UUID, Field(examples=["6a1c680c-6f61-5b22-81ff-dcf9d80a8f13"])]
    outcome: Annotated[Outcome, Field(examples=["adopted"])]
    reason: Annotated[ReasonCode, Field(examples=["public-benefit"], description=_REASON)]
    note: NoteText = ""
    directive: Annotated[DirectiveRequest | None, Field(description=_DIRECTIVE)] = None

    def result(self) -> Result:
        """What the secretary puts on record."""
        asked = self.directive
        mandate = Mandate(asked.responsible_body, asked.instruction, asked.due_on) if asked else None
        return Result(self.outcome, self.reason, self.note, mandate)


class ItemResponse(ResponseModel):
    """One place of an agenda."""

    position: int
    case_id: UUID
    task_id: UUID
    title: str
    outcome: Outcome | None


class MeetingResponse(ResponseModel):
    """A strategy meeting with its agenda."""

    meeting_id: UUID
    meets_at: datetime
    capacity: int
    state: MeetingState
    agenda: list[ItemResponse]

    @classmethod
    def of(cls, meeting: Meeting, agenda: Sequence[Item]) -> "MeetingResponse":
        """The meeting, place by place."""
        return cls(
            meeting_id=meeting.meeting_id,
            meets_at=meeting.meets_at,
            capacity=meeting.capacity,
            state=meeting.state,
            agenda=[ItemResponse.model_validate(item) for item in agenda],
        )


class DirectiveResponse(ResponseModel):
    """A directive as it was issued."""

    directive_id: UUID
    case_id: UUID
    task_id: UUID
    title: str
    responsible_body: str
    instruction: str
    due_on: date
    outcome: Outcome
    issued_at: datetime

    @classmethod
    def of(cls, directive: Directive) -> "DirectiveResponse":
        """The directive, whole."""
        return cls(
            directive_id=directive.directive_id,
            case_id=directive.case_id,
            task_id=directive.task_id,
            title=directive.title,
            responsible_body=directive.mandate.responsible_body,
            instruction=directive.mandate.instruction,
            due_on=directive.mandate.due_on,
            outcome=directive.outcome,
            issued_at=directive.issued_at,
        )
