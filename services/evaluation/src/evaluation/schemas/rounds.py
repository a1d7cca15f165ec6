"""Papers and views of evaluation rounds, applications and draws."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from evaluation.domain import lot, reasons
from evaluation.domain.lot import Entry, Ticket
from evaluation.domain.round import Call, Round, RoundState, Stratum
from evaluation.schemas.results import ResultResponse
from evaluation.schemas.words import CellText, NoteText, TitleText
from evaluation.store.rounds import RoundDetails
from townhall.chassis.http import Line, Moment, RequestModel, ResponseModel
from townhall.contracts.values import ActedBy, InitiativeId, ReasonCode, RuleUsed

_COMMITMENT = (
    "SHA-256 of the seed's UTF-8 text (NFC) in lowercase hexadecimal. Take a long random seed and keep it secret."
)
_ONE_OF_CANCELLATION = f"One of:\n\n{reasons.published(reasons.CANCELLATION)}"
_EXAMPLE = "공정한 추첨을 위한 씨앗 4f1c9e07"


def _distinct(ids: list[UUID]) -> list[UUID]:
    if len(set(ids)) != len(ids):
        raise PydanticCustomError("named_twice", "An initiative is named twice.")
    return ids


class RoundRequest(RequestModel):
    """A call to evaluate results."""

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
    panel_size: Annotated[int | None, Field(ge=1, le=10_000, description="By the rule, when left out.")] = None
    seed_commitment: Annotated[
        str, Field(pattern="^[0-9a-f]{64}$", examples=[lot.sha256(_EXAMPLE)], description=_COMMITMENT)
    ]
    applications_close_at: Annotated[Moment, Field(examples=["2027-03-01T18:00:00+09:00"])]

    def call(self) -> Call:
        """What the secretary wants evaluated."""
        ids = tuple(InitiativeId(each) for each in self.initiative_ids)
        return Call(self.title, ids, self.panel_size, self.seed_commitment, self.applications_close_at)


class ApplicationRequest(RequestModel):
    """An application to the panel. The values are on the lists of the rule the round was opened under."""

    region: Annotated[CellText, Field(examples=["서울"])]
    age_band: Annotated[CellText, Field(examples=["20-39"])]
    sex: Annotated[CellText, Field(examples=["female"])]

    def stratum(self) -> Stratum:
        """The group to be drawn within."""
        return Stratum(self.region, self.age_band, self.sex)


class SeedRequest(RequestModel):
    """The seed that was committed to when the round opened."""

    seed: Annotated[str, Line(200), Field(examples=[_EXAMPLE])]


class CancellationRequest(RequestModel):
    """Why a round ends without results."""

    reason: Annotated[ReasonCode, Field(examples=["too-few-applicants"], description=_ONE_OF_CANCELLATION)]
    note: NoteText = ""


class ApplicationResponse(ResponseModel):
    """Your own application. The ticket is how you find yourself in the published draw; nobody else can."""

    ticket: str
    region: str
    age_band: str
    sex: str
    drawn: Annotated[bool | None, Field(description="None until the panel is drawn.")]

    @classmethod
    def of(cls, ticket: Ticket, *, drawn: bool | None) -> "ApplicationResponse":
        """What was kept, and what the lot said."""
        return cls(ticket=ticket.ticket, region=ticket.region, age_band=ticket.age_band, sex=ticket.sex, drawn=drawn)


class TicketResponse(ResponseModel):
    """One line of the frame."""

    ticket: str
    region: str
    age_band: str
    sex: str


class DrawResponse(ResponseModel):
    """All that is needed to repeat the draw. The procedure is rule E10 of the rulebook."""

    round_id: UUID
    seed: str
    seed_commitment: str
    panel_size: int
    frame_sha256: str
    frame: list[TicketResponse]
    drawn: list[str]

    @classmethod
    def of(cls, drawn_round: Round, entries: Sequence[Entry]) -> "DrawResponse":
        """The whole frame, and on whom the lot fell."""
        return cls(
            round_id=drawn_round.id,
            seed=drawn_round.seed or "",
            seed_commitment=drawn_round.seed_commitment,
            panel_size=drawn_round.panel_size,
            frame_sha256=drawn_round.frame_sha256 or "",
            frame=[TicketResponse.model_validate(each.ticket) for each in entries],
            drawn=[each.ticket.ticket for each in entries if each.drawn],
        )


class CancellationResponse(ResponseModel):
    """Why a round ended without results."""

    reason: str
    note: str
    acted_by: ActedBy
    at: datetime


class RoundResponse(ResponseModel):
    """An evaluation round as anyone may see it."""

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
    results: Annotated[list[ResultResponse] | None, Field(description="None until they are published.")]

    @classmethod
    def of(cls, details: RoundDetails) -> "RoundResponse":
        """Everything about it."""
        shown, ended = details.round, details.round.cancellation
        published = shown.state is RoundState.PUBLISHED
        return cls(
            round_id=shown.id,
            title=shown.title,
            state=shown.state,
            initiative_ids=list(shown.initiative_ids),
            panel_size=shown.panel_size,
            applicants=details.applicants,
            seed_commitment=shown.seed_commitment,
            applications_close_at=shown.applications_close_at,
            opened_at=shown.opened_at,
            due_at=shown.due_at,
            overdue=shown.due_at is not None and shown.overdue_for == shown.due_at,
            seed=shown.seed,
            frame_sha256=shown.frame_sha256,
            rule=shown.rule,
            cancellation=CancellationResponse.model_validate(ended) if ended else None,
            results=[ResultResponse.of(each) for each in details.results] if published else None,
        )
