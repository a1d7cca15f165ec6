"""Bodies of the milestone routes."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field

from evaluation.schemas.text import TitleText
from townhall.chassis.http import Day, RequestModel, ResponseModel


class MilestoneRequest(RequestModel):
    """A milestone to be planned."""

    title: TitleText
    due_on: Annotated[Day, Field(examples=["2027-05-31"])]


class MilestoneResponse(ResponseModel):
    """A milestone."""

    milestone_id: Annotated[UUID, Field(validation_alias="id")]
    title: str
    due_on: date
    planned_at: datetime
    reached_at: datetime | None
    note: str
    overdue: bool
    """Whether it was announced as overdue; it may have been reached since."""
