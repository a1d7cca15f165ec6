"""Recusals, positions and decisions."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field

from committee.domain import reasons
from committee.domain.case_record import DecisionRecord
from committee.domain.deliberation import Position, Stance, Verdict
from committee.schemas.text import NoteText, PrivateNoteText, RecusalText
from townhall.chassis.http import RequestModel, ResponseModel
from townhall.contracts.values import ActedBy, Decision, ReasonCode, RuleUsed

_REASONS = f"At least one, each of the decision's list:\n{reasons.markdown(reasons.DECISIONS)}"


class RecusalRequest(RequestModel):
    """A member's recusal from a case."""

    reason: RecusalText


class PositionRequest(RequestModel):
    """A member's position on a case."""

    stance: Annotated[Stance, Field(examples=["for"])]
    note: PrivateNoteText = ""


class DecisionRequest(RequestModel):
    """The Committee's decision, submitted by the chair."""

    decision: Annotated[Decision, Field(examples=["recommended"])]
    reasons: Annotated[
        list[ReasonCode], Field(min_length=1, max_length=10, examples=[["public-benefit"]], description=_REASONS)
    ]
    note: NoteText = ""

    def verdict(self) -> Verdict:
        """Return the decision as a domain value; a reason named twice is kept once."""
        return Verdict(self.decision, tuple(dict.fromkeys(self.reasons)), self.note)


class RecusalResponse(ResponseModel):
    """The caller's recusal from a case."""

    case_id: UUID
    recused: bool = True


class PositionResponse(ResponseModel):
    """The caller's own position on a case."""

    case_id: UUID
    stance: Stance
    note: str
    taken_at: datetime

    @classmethod
    def of(cls, case_id: UUID, position: Position) -> "PositionResponse":
        """Return the position for the member who took it."""
        return cls(case_id=case_id, stance=position.stance, note=position.note, taken_at=position.taken_at)


class DecisionResponse(ResponseModel):
    """The Committee's decision with the count of positions."""

    decision: Decision
    reasons: list[str]
    note: str
    in_favour: int
    against: int
    abstained: int
    recused: int
    acted_by: ActedBy
    rule: RuleUsed
    at: datetime

    @classmethod
    def of(cls, record: DecisionRecord) -> "DecisionResponse":
        """Return the public decision."""
        return cls(
            decision=record.decision,
            reasons=list(record.reasons),
            note=record.note,
            in_favour=record.count.in_favour,
            against=record.count.against,
            abstained=record.count.abstained,
            recused=record.count.recused,
            acted_by=ActedBy.CHAIR,
            rule=RuleUsed(version=record.rule_version, article=record.article),
            at=record.at,
        )
