"""Strategy meetings, their agendas and outcomes."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field

from committee.domain import reasons
from committee.domain.meeting import AgendaItem, Meeting, MeetingState, OutcomeDetails
from committee.schemas.directives import DirectiveRequest
from committee.schemas.sittings import Capacity
from committee.schemas.text import NoteText
from townhall.chassis.http import Moment, RequestModel, ResponseModel
from townhall.contracts.values import Outcome, ReasonCode

_REASON = f"One of the outcome's list:\n{reasons.markdown(reasons.OUTCOMES)}"
_DIRECTIVE = "Required when the task is adopted, with or without change; refused otherwise."


class MeetingRequest(RequestModel):
    """The call of a strategy meeting."""

    meets_at: Annotated[Moment, Field(examples=["2030-03-20T10:00:00+09:00"])]
    capacity: Capacity


class OutcomeRequest(RequestModel):
    """The outcome of one agenda item."""

    case_id: Annotated[UUID, Field(examples=["6a1c680c-6f61-5b22-81ff-dcf9d80a8f13"])]
    outcome: Annotated[Outcome, Field(examples=["adopted"])]
    reason: Annotated[ReasonCode, Field(examples=["public-benefit"], description=_REASON)]
    note: NoteText = ""
    directive: Annotated[DirectiveRequest | None, Field(description=_DIRECTIVE)] = None

    def details(self) -> OutcomeDetails:
        """Return the outcome as a domain value."""
        return OutcomeDetails(
            self.outcome, self.reason, self.note, self.directive.mandate() if self.directive else None
        )


class AgendaItemResponse(ResponseModel):
    """One item of an agenda."""

    position: int
    case_id: UUID
    task_id: UUID
    title: str
    outcome: Outcome | None
    """Null until it is recorded."""


class MeetingResponse(ResponseModel):
    """A strategy meeting with its agenda."""

    meeting_id: UUID
    meets_at: datetime
    capacity: int
    state: MeetingState
    agenda: list[AgendaItemResponse]

    @classmethod
    def of(cls, meeting: Meeting, agenda: Sequence[AgendaItem]) -> "MeetingResponse":
        """Return the public meeting with its agenda by position."""
        return cls(
            meeting_id=meeting.meeting_id,
            meets_at=meeting.meets_at,
            capacity=meeting.capacity,
            state=meeting.state,
            agenda=[AgendaItemResponse.model_validate(item) for item in agenda],
        )
