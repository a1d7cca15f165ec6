"""Bodies of the panel routes: applications and the draw."""

from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

from pydantic import Field

from evaluation.domain.panel import Stratum
from evaluation.domain.panel_draw import FrameEntry, Ticket
from evaluation.domain.round import Round
from evaluation.schemas.text import SeedText, StratumText
from townhall.chassis.http import RequestModel, ResponseModel


class ApplicationRequest(RequestModel):
    """An application to the panel. The values must be on the lists of the rule the round was opened under."""

    region: Annotated[StratumText, Field(examples=["서울"])]
    age_band: Annotated[StratumText, Field(examples=["20-39"])]
    sex: Annotated[StratumText, Field(examples=["female"])]

    def stratum(self) -> Stratum:
        """Return the applicant's stratum."""
        return Stratum(self.region, self.age_band, self.sex)


class SeedRequest(RequestModel):
    """The seed whose hash was published when the round opened."""

    seed: SeedText


class ApplicationResponse(ResponseModel):
    """The caller's own application. Only the caller knows which ticket of the published draw is theirs."""

    ticket: str
    region: str
    age_band: str
    sex: str
    drawn: Annotated[bool | None, Field(description="Null until the panel is drawn.")]

    @classmethod
    def of(cls, ticket: Ticket, *, drawn: bool | None) -> "ApplicationResponse":
        """Build the response to the applicant; `drawn` is None before the draw."""
        return cls(ticket=ticket.ticket, region=ticket.region, age_band=ticket.age_band, sex=ticket.sex, drawn=drawn)


class TicketResponse(ResponseModel):
    """One line of the frame."""

    ticket: str
    region: str
    age_band: str
    sex: str


class DrawResponse(ResponseModel):
    """The random draw of a panel: its inputs and its result, so that anyone can repeat it (rulebook, E10)."""

    round_id: UUID
    seed: str
    seed_commitment: str
    panel_size: int
    frame_sha256: str
    frame: list[TicketResponse]
    drawn: list[str]

    @classmethod
    def of(cls, drawn_round: Round, frame: Sequence[FrameEntry]) -> "DrawResponse":
        """Build the public response of a draw."""
        return cls(
            round_id=drawn_round.id,
            seed=drawn_round.seed or "",
            seed_commitment=drawn_round.seed_commitment,
            panel_size=drawn_round.panel_size,
            frame_sha256=drawn_round.frame_sha256 or "",
            frame=[TicketResponse.model_validate(each.ticket) for each in frame],
            drawn=[each.ticket.ticket for each in frame if each.drawn],
        )
