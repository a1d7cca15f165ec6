"""Bodies of the score routes."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field

from evaluation.domain.score import Score, Track
from townhall.chassis.http import RequestModel, ResponseModel


class ScoreRequest(RequestModel):
    """A score of an initiative's result, from 0 to 100."""

    score: Annotated[int, Field(ge=0, le=100, examples=[80])]


class ScoreResponse(ResponseModel):
    """The caller's own score; it is shown to no other person."""

    round_id: UUID
    initiative_id: UUID
    track: Track
    score: int
    given_at: datetime

    @classmethod
    def of(cls, given: Score) -> "ScoreResponse":
        """Build the response to a stored score."""
        return cls.model_validate(given)
