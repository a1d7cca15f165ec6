"""Directives."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field

from committee.domain.meeting import Directive, Mandate
from committee.schemas.text import BodyText, InstructionText
from townhall.chassis.http import Day, RequestModel, ResponseModel
from townhall.contracts.values import Outcome


class DirectiveRequest(RequestModel):
    """The content of a directive: who must do what, and by when."""

    responsible_body: BodyText
    instruction: InstructionText
    due_on: Annotated[Day, Field(examples=["2030-12-31"])]

    def mandate(self) -> Mandate:
        """Return the content as a domain value."""
        return Mandate(self.responsible_body, self.instruction, self.due_on)


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
        """Return the public directive."""
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
