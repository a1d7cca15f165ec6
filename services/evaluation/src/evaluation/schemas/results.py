"""Scores as they are handed in, and results as they are published."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field

from evaluation.domain.score import Result, Score, Track
from townhall.chassis.http import RequestModel, ResponseModel
from townhall.contracts.values import RuleUsed


class ScoreRequest(RequestModel):
    """What you give the result, from 0 to 100."""

    score: Annotated[int, Field(ge=0, le=100, examples=[80])]


class ScoreResponse(ResponseModel):
    """Your own score. Nobody else ever sees it."""

    round_id: UUID
    initiative_id: UUID
    track: Track
    score: int
    given_at: datetime

    @classmethod
    def of(cls, given: Score) -> "ScoreResponse":
        """What was kept."""
        return cls.model_validate(given)


class ResultResponse(ResponseModel):
    """What citizens made of one initiative: the panel, all others, and both weighed by the rule."""

    round_id: UUID
    initiative_id: UUID
    panel_score: Annotated[float, Field(examples=[80.33])]
    panel_size: int
    panel_count: Annotated[int, Field(description="Members of the panel who scored this initiative.")]
    open_score: Annotated[float | None, Field(description="None when nobody outside the panel scored.")]
    open_count: int
    weighted_score: Annotated[float, Field(examples=[77.47])]
    rule: RuleUsed
    published_at: datetime

    @classmethod
    def of(cls, result: Result) -> "ResultResponse":
        """Everything that is published, rounded as the rulebook says."""
        return cls.model_validate(result)
