"""Cases: positions and decisions as they are handed in, the record as anyone may read it."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field

from committee.domain import reasons
from committee.domain.case import CaseState, Cause
from committee.domain.deliberation import Stance
from committee.domain.record import CaseFile, Decided
from townhall.chassis.http import Prose, RequestModel, ResponseModel
from townhall.contracts.values import ActedBy, Decision, Outcome, ReasonCode, RuleUsed

NoteText = Annotated[str, Prose(2000, least=0), Field(description="Public text beside the reasons; may be empty.")]
_REASONS = f"At least one, each of the decision's list:\n{reasons.published(reasons.DECISIONS)}"


class RecusalRequest(RequestModel):
    """Why a member stands back from a case."""

    reason: Annotated[
        str,
        Prose(500),
        Field(examples=["버스회사 이사를 맡고 있습니다."], description="Kept by the Committee and not published."),
    ]


class PositionRequest(RequestModel):
    """A member's position on a case."""

    stance: Annotated[Stance, Field(examples=["for"])]
    note: Annotated[str, Prose(2000, least=0), Field(description="For the member's own record; not published.")] = ""


class DecisionRequest(RequestModel):
    """What the Committee decided, as the chair puts it on record."""

    decision: Annotated[Decision, Field(examples=["recommended"])]
    reasons: Annotated[
        list[ReasonCode], Field(min_length=1, max_length=10, examples=[["public-benefit"]], description=_REASONS)
    ]
    note: NoteText = ""


class RecusalResponse(ResponseModel):
    """The caller has no part in this case."""

    case_id: UUID
    recused: bool = True


class PositionResponse(ResponseModel):
    """The caller's own position."""

    case_id: UUID
    stance: Stance
    note: str
    taken_at: datetime


class CauseResponse(ResponseModel):
    """One thing that brought the task here."""

    cause: Cause
    at: datetime
    reason: str
    note: str
    rule: RuleUsed | None
    """The voting rule that was passed; null for a referral."""


class DeferralResponse(ResponseModel):
    """Why a sitting did not decide the case."""

    sitting_id: UUID
    reasons: list[str]
    note: str
    acted_by: ActedBy
    at: datetime


class DecisionResponse(ResponseModel):
    """The decision and the numbers it rests on."""

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
    def of(cls, decided: Decided) -> "DecisionResponse":
        """The decision as it is published."""
        return cls(
            decision=decided.decision,
            reasons=list(decided.reasons),
            note=decided.note,
            in_favour=decided.count.in_favour,
            against=decided.count.against,
            abstained=decided.count.abstained,
            recused=decided.count.recused,
            acted_by=ActedBy.CHAIR,
            rule=RuleUsed(version=decided.rule_version, article=decided.article),
            at=decided.at,
        )


class OutcomeResponse(ResponseModel):
    """What one strategy meeting made of the case."""

    meeting_id: UUID
    outcome: Outcome
    reason: str
    note: str
    acted_by: ActedBy = ActedBy.SECRETARY
    at: datetime


class CaseResponse(ResponseModel):
    """A case with its whole public record."""

    case_id: UUID
    task_id: UUID
    title: str
    cause: Cause
    """What opened it."""
    causes: list[CauseResponse]
    state: CaseState
    sitting_id: UUID | None
    meeting_id: UUID | None
    deferrals: list[DeferralResponse]
    decision: DecisionResponse | None
    outcome: Outcome | None
    """What the last strategy meeting made of it."""
    outcomes: list[OutcomeResponse]
    directive_id: UUID | None
    opened_at: datetime
    due_at: datetime | None
    """When what it waits for is due; null while a sitting has it, and at its end."""
    overdue: bool

    @classmethod
    def of(cls, record: CaseFile) -> "CaseResponse":
        """Everything about a case, but for who the members are."""
        case = record.case
        return cls(
            case_id=case.case_id,
            task_id=case.task_id,
            title=case.title,
            cause=case.cause,
            causes=_causes(record),
            state=case.state,
            sitting_id=case.sitting_id,
            meeting_id=case.meeting_id,
            deferrals=[DeferralResponse.model_validate(each) for each in record.deferrals],
            decision=DecisionResponse.of(record.decided) if record.decided else None,
            outcome=record.outcomes[-1].outcome if record.outcomes else None,
            outcomes=[OutcomeResponse.model_validate(each) for each in record.outcomes],
            directive_id=record.directive_id,
            opened_at=case.opened_at,
            due_at=case.due.at if case.due else None,
            overdue=case.due.told if case.due else False,
        )


def _causes(record: CaseFile) -> list[CauseResponse]:
    return [
        CauseResponse(
            cause=each.cause,
            at=each.at,
            reason=each.reason,
            note=each.note,
            rule=RuleUsed(version=each.rule_version, article=each.article) if each.rule_version else None,
        )
        for each in record.causes
    ]
