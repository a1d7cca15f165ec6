"""Sittings as they are called, and as anyone may see them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field

from committee.domain.sitting import Sitting, SittingState
from townhall.chassis.http import Line, Moment, RequestModel, ResponseModel

Capacity = Annotated[int, Field(ge=1, le=10_000, examples=[5], description="Cases it can take.")]


class SittingRequest(RequestModel):
    """The call of a sitting."""

    sits_at: Annotated[Moment, Field(examples=["2030-03-05T14:00:00+09:00"])]
    capacity: Capacity
    place: Annotated[str, Line(200, least=0), Field(examples=["정부세종청사 대회의실"])] = ""


class SittingResponse(ResponseModel):
    """A sitting with its docket."""

    sitting_id: UUID
    sits_at: datetime
    capacity: int
    place: str
    state: SittingState
    present: int
    """Members in the room."""
    cases: list[UUID]
    """The cases that were given its places, in order."""
    ends_at: datetime | None
    """When it lapses if nobody opens it, or closes by itself if nobody closes it."""
    rule_version: int

    @classmethod
    def of(cls, sitting: Sitting, cases: Sequence[UUID]) -> "SittingResponse":
        """The sitting, its members by number only."""
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
