"""Bodies of the result routes."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field

from evaluation.domain.result import Result
from townhall.chassis.http import ResponseModel
from townhall.contracts.values import RuleUsed


class ResultResponse(ResponseModel):
    """The result of one initiative: the panel's mean, all other citizens' mean, and the weighted mean of both."""

    round_id: UUID
    initiative_id: UUID
    panel_score: Annotated[float, Field(examples=[80.33])]
    panel_size: int
    panel_count: Annotated[int, Field(description="Panel members who scored this initiative.")]
    open_score: Annotated[float | None, Field(description="Null when no citizen outside the panel scored.")]
    open_count: int
    weighted_score: Annotated[float, Field(examples=[77.47])]
    rule: RuleUsed
    published_at: datetime

    @classmethod
    def of(cls, result: Result) -> "ResultResponse":
        """Build the public response of a result; its figures are rounded already."""
        return cls.model_validate(result)
