"""Bodies of the round routes."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from evaluation.domain import panel_draw, reasons
from evaluation.domain.round import NewRound, RoundState
from evaluation.schemas.results import ResultResponse
from evaluation.schemas.text import SEED_EXAMPLE, NoteText, TitleText
from evaluation.store.rounds import RoundDetails
from townhall.chassis.http import Moment, RequestModel, ResponseModel
from townhall.contracts.values import ActedBy, InitiativeId, ReasonCode, RuleUsed

_COMMITMENT = (
    "SHA-256 of the seed's UTF-8 text (NFC) in lowercase hexadecimal. Use a long random seed and keep it secret."
)
_CANCELLATION_REASONS = f"One of:\n\n{reasons.markdown(reasons.CANCELLATION)}"


def _distinct(ids: list[UUID]) -> list[UUID]:
    if len(set(ids)) != len(ids):
        raise PydanticCustomError("named_twice", "An initiative is named twice.")
    return ids


class RoundRequest(RequestModel):
    """A round to be opened."""

    title: TitleText
    initiative_ids: Annotated[
        list[UUID],
        Field(
            min_length=1,
            max_length=100,
            examples=[["f63e8dbe-a53d-5463-9947-3c8286e5cd14"]],
            json_schema_extra={"uniqueItems": True},
        ),
        AfterValidator(_distinct),
    ]
    panel_size: Annotated[int | None, Field(ge=1, le=10_000, description="The rule's number if left out.")] = None
    seed_commitment: Annotated[
        str, Field(pattern="^[0-9a-f]{64}$", examples=[panel_draw.sha256(SEED_EXAMPLE)], description=_COMMITMENT)
    ]
    applications_close_at: Annotated[Moment, Field(examples=["2027-03-01T18:00:00+09:00"])]

    def new_round(self) -> NewRound:
        """Return the round to be opened."""
        ids = tuple(InitiativeId(each) for each in self.initiative_ids)
        return NewRound(self.title, ids, self.panel_size, self.seed_commitment, self.applications_close_at)


class CancellationRequest(RequestModel):
    """The reason why a round ends without results."""

    reason: Annotated[ReasonCode, Field(examples=["too-few-applicants"], description=_CANCELLATION_REASONS)]
    note: NoteText = ""


class CancellationResponse(ResponseModel):
    """Why a round ended without results."""

    reason: str
    note: str
    acted_by: ActedBy
    at: datetime


class RoundResponse(ResponseModel):
    """An evaluation round, with its results once they are published."""

    round_id: UUID
    title: str
    state: RoundState
    initiative_ids: list[UUID]
    panel_size: int
    applicants: int
    seed_commitment: str
    applications_close_at: datetime
    opened_at: datetime
    due_at: Annotated[datetime | None, Field(description="When the draw, then the publication, is due.")]
    overdue: bool
    seed: str | None
    frame_sha256: str | None
    rule: RuleUsed
    cancellation: CancellationResponse | None
    results: Annotated[list[ResultResponse] | None, Field(description="Null until they are published.")]

    @classmethod
    def of(cls, details: RoundDetails) -> "RoundResponse":
        """Build the public response of a round."""
        current, cancellation = details.round, details.round.cancellation
        published = current.state is RoundState.PUBLISHED
        return cls(
            round_id=current.id,
            title=current.title,
            state=current.state,
            initiative_ids=list(current.initiative_ids),
            panel_size=current.panel_size,
            applicants=details.applicants,
            seed_commitment=current.seed_commitment,
            applications_close_at=current.applications_close_at,
            opened_at=current.opened_at,
            due_at=current.due_at,
            overdue=current.due_at is not None and current.overdue_for == current.due_at,
            seed=current.seed,
            frame_sha256=current.frame_sha256,
            rule=current.rule,
            cancellation=CancellationResponse.model_validate(cancellation) if cancellation else None,
            results=[ResultResponse.of(each) for each in details.results] if published else None,
        )
