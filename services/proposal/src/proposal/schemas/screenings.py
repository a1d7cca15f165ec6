"""Screening decisions."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from proposal.domain import reasons
from proposal.domain.lifecycle import Move
from proposal.domain.screening import REASONS, Verdict
from proposal.schemas.text import BodyText, NoteText
from townhall.chassis.http import RequestModel, ResponseModel
from townhall.contracts.values import ActedBy, ProposalId, ReasonCode

_LISTS = "\n\n".join(f"**{move}**\n\n{reasons.markdown(REASONS[move])}" for move in REASONS)
_REASON = f"One of the decision's list:\n\n{_LISTS}"


class ScreeningRequest(RequestModel):
    """A decision of the Support Unit on a proposal."""

    decision: Annotated[
        Literal[Move.ADMIT, Move.REJECT, Move.REQUEST_REVISION, Move.TRANSFER, Move.MERGE], Field(examples=["admit"])
    ]
    reason: Annotated[ReasonCode, Field(examples=["meets-requirements"], description=_REASON)]
    note: NoteText = ""
    merge_into: Annotated[UUID | None, Field(description="The other proposal; for `merge` only.")] = None
    body: Annotated[BodyText | None, Field(description="The competent body; for `transfer` only.")] = None

    def verdict(self) -> Verdict:
        """Return the decision as a domain value."""
        into = ProposalId(self.merge_into) if self.merge_into else None
        return Verdict(self.decision, self.reason, self.note, self.body, into)


class ScreeningResponse(ResponseModel):
    """A screening decision."""

    decision: Move
    reason: str
    note: str
    body: str | None
    acted_by: ActedBy
    at: datetime
