"""Bodies of the opinion routes."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field

from evaluation.domain.opinion import Opinion, Stance
from evaluation.schemas.text import OpinionText
from townhall.chassis.http import RequestModel, ResponseModel


class OpinionRequest(RequestModel):
    """A citizen's opinion on the result. It is published without the author's name."""

    stance: Annotated[Stance, Field(examples=["satisfied"])]
    text: OpinionText


class OpinionResponse(ResponseModel):
    """A published opinion."""

    opinion_id: UUID
    stance: Stance
    text: str
    given_at: datetime

    @classmethod
    def of(cls, opinion: Opinion) -> "OpinionResponse":
        """Build the public response of an opinion."""
        return cls(opinion_id=opinion.id, stance=opinion.stance, text=opinion.text, given_at=opinion.given_at)
