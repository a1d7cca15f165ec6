"""Proposals: handed in, screened, supported, shown."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from proposal.domain import reasons
from proposal.domain.lifecycle import Move, Proposal, State, Wording
from proposal.domain.screening import REASONS, Verdict
from proposal.schemas.words import BodyText, LongText, MaybeText, NoteText, TitleText
from townhall.chassis.http import Line, RequestModel, ResponseModel
from townhall.contracts.values import ActedBy, ProposalId, ReasonCode, RuleUsed

_LISTS = "\n\n".join(f"**{move}**\n\n{reasons.published(REASONS[move])}" for move in REASONS)
_ONE_OF_SCREENING = f"One of the decision's list:\n\n{_LISTS}"


class ProposalRequest(RequestModel):
    """A proposal: what is wrong, and what should be done."""

    title: TitleText
    problem: LongText
    remedy: MaybeText
    topic: Annotated[str, Line(100), Field(examples=["교통"])] | None = None

    def wording(self) -> Wording:
        """What the author wrote."""
        return Wording(self.title, self.problem, self.remedy, self.topic)


class ResubmissionRequest(RequestModel):
    """The improved text of a returned proposal. Its topic stays."""

    title: TitleText
    problem: LongText
    remedy: MaybeText

    def wording(self) -> Wording:
        """What the author wrote."""
        return Wording(self.title, self.problem, self.remedy)


class WithdrawalRequest(RequestModel):
    """Nothing needs to be said to withdraw."""


class ScreeningRequest(RequestModel):
    """A decision of the Support Unit."""

    decision: Annotated[
        Literal[Move.ADMIT, Move.REJECT, Move.REQUEST_REVISION, Move.TRANSFER, Move.MERGE], Field(examples=["admit"])
    ]
    reason: Annotated[ReasonCode, Field(examples=["meets-requirements"], description=_ONE_OF_SCREENING)]
    note: NoteText = ""
    merge_into: Annotated[UUID | None, Field(description="The other proposal; for `merge` only.")] = None
    body: Annotated[BodyText | None, Field(description="The competent body; for `reroute` only.")] = None

    def verdict(self) -> Verdict:
        """What was decided."""
        into = ProposalId(self.merge_into) if self.merge_into else None
        return Verdict(self.decision, self.reason, self.note, self.body, into)


class ScreeningResponse(ResponseModel):
    """A decision of screening."""

    decision: Move
    reason: str
    note: str
    body: str | None
    acted_by: ActedBy
    at: datetime


class ProposalResponse(ResponseModel):
    """A proposal as anyone may see it."""

    proposal_id: UUID
    title: str
    problem: str
    remedy: str
    topic: str | None
    state: State
    supports: int
    submitted_at: datetime
    screening_due_at: datetime
    rule: RuleUsed
    screening: Annotated[ScreeningResponse | None, Field(description="The last decision.")]
    earlier_screenings: Annotated[list[ScreeningResponse], Field(description="Those before it, oldest first.")]
    merged_into: UUID | None
    task_ids: list[UUID]

    @classmethod
    def of(cls, proposal: Proposal) -> "ProposalResponse":
        """Everything about it, but for who wrote it and who stands behind it."""
        return cls(
            proposal_id=proposal.id,
            title=proposal.wording.title,
            problem=proposal.wording.problem,
            remedy=proposal.wording.remedy,
            topic=proposal.wording.topic,
            state=proposal.state,
            supports=proposal.supports,
            submitted_at=proposal.submitted_at,
            screening_due_at=proposal.screening_due_at,
            rule=proposal.rule,
            screening=ScreeningResponse.model_validate(proposal.screening) if proposal.screening else None,
            earlier_screenings=[ScreeningResponse.model_validate(each) for each in proposal.earlier_screenings],
            merged_into=proposal.merged_into,
            task_ids=list(proposal.task_ids),
        )


class SupportResponse(ResponseModel):
    """Whether the caller supports a proposal now, and how many do."""

    proposal_id: UUID
    supported: bool
    supports: int
