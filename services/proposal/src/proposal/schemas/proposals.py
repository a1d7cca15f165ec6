"""Proposals: submission, resubmission, withdrawal, and the public record."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field

from proposal.domain.lifecycle import Proposal, State, Wording
from proposal.schemas.screenings import ScreeningResponse
from proposal.schemas.text import LongText, OptionalText, TitleText, TopicText
from townhall.chassis.http import RequestModel, ResponseModel
from townhall.contracts.values import RuleUsed


class ProposalRequest(RequestModel):
    """A proposal as submitted: title and problem; optionally a remedy and a topic."""

    title: TitleText
    problem: LongText
    remedy: OptionalText
    topic: TopicText | None = None

    def wording(self) -> Wording:
        """Return the text as a domain value."""
        return Wording(self.title, self.problem, self.remedy, self.topic)


class ResubmissionRequest(RequestModel):
    """The revised text of a proposal whose revision was requested. Its topic can't be changed."""

    title: TitleText
    problem: LongText
    remedy: OptionalText

    def wording(self) -> Wording:
        """Return the text as a domain value, without a topic."""
        return Wording(self.title, self.problem, self.remedy)


class WithdrawalRequest(RequestModel):
    """A withdrawal has no fields."""


class ProposalResponse(ResponseModel):
    """The public record of a proposal."""

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
    earlier_screenings: Annotated[
        list[ScreeningResponse], Field(description="The decisions before the last one, oldest first.")
    ]
    merged_into: UUID | None
    task_ids: list[UUID]

    @classmethod
    def of(cls, proposal: Proposal) -> "ProposalResponse":
        """Return the public record: everything except the author and the supporters (P17)."""
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
