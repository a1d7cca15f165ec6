"""Sittings and their dockets."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field

from committee.domain.sitting import Sitting, SittingState
from committee.schemas.text import VenueText
from townhall.chassis.http import Moment, RequestModel, ResponseModel

Capacity = Annotated[int, Field(ge=1, le=10_000, examples=[5], description="The most cases it can take.")]


class SittingRequest(RequestModel):
    """The call of a sitting."""

    sits_at: Annotated[Moment, Field(examples=["2030-03-05T14:00:00+09:00"])]
    capacity: Capacity
    place: VenueText = ""


class SittingResponse(ResponseModel):
    """A sitting with its docket."""

    sitting_id: UUID
    sits_at: datetime
    capacity: int
    place: str
    """The venue."""
    state: SittingState
    present: int
    """The number of members who attend."""
    cases: list[UUID]
    """The cases on its docket by position, those that left it included."""
    ends_at: datetime | None
    """When it lapses unless opened, or is closed automatically; null after its end."""
    rule_version: int

    @classmethod
    def of(cls, sitting: Sitting, cases: Sequence[UUID]) -> "SittingResponse":
        """Return the public sitting; members are in it by number only (C19)."""
        return cls(
            sitting_id=sitting.sitting_id,
            sits_at=sitting.sits_at,
            capacity=sitting.capacity,
            place=sitting.place,
            state=sitting.state,
            present=sitting.present,
            cases=list(cases),
            ends_at=sitting.ends_at,
            rule_version=sitting.rule_version,
        )
