"""The public records of cases."""

from datetime import datetime
from uuid import UUID

from committee.domain.case import CaseState, Cause
from committee.domain.case_record import CaseRecord, CauseRecord
from committee.schemas.deliberation import DecisionResponse
from townhall.chassis.http import ResponseModel
from townhall.contracts.values import ActedBy, Outcome, RuleUsed


class CauseResponse(ResponseModel):
    """Why the task came before the Committee."""

    cause: Cause
    at: datetime
    reason: str
    note: str
    rule: RuleUsed | None
    """The voting rule whose threshold was passed; null for a referral."""

    @classmethod
    def of(cls, record: CauseRecord) -> "CauseResponse":
        """Return the public cause."""
        rule = RuleUsed(version=record.rule_version, article=record.article) if record.rule_version else None
        return cls(cause=record.cause, at=record.at, reason=record.reason, note=record.note, rule=rule)


class DeferralResponse(ResponseModel):
    """The deferral of the case by a sitting."""

    sitting_id: UUID
    reasons: list[str]
    note: str
    acted_by: ActedBy
    at: datetime


class OutcomeResponse(ResponseModel):
    """The outcome of one strategy meeting for the case."""

    meeting_id: UUID
    outcome: Outcome
    reason: str
    note: str
    acted_by: ActedBy = ActedBy.SECRETARY
    at: datetime


class CaseResponse(ResponseModel):
    """A case with its public record."""

    case_id: UUID
    task_id: UUID
    title: str
    cause: Cause
    """The cause that opened the case."""
    causes: list[CauseResponse]
    state: CaseState
    sitting_id: UUID | None
    meeting_id: UUID | None
    deferrals: list[DeferralResponse]
    decision: DecisionResponse | None
    outcome: Outcome | None
    """The last outcome."""
    outcomes: list[OutcomeResponse]
    directive_id: UUID | None
    opened_at: datetime
    due_at: datetime | None
    """When its present wait must end; null while a sitting has the case, and in a final state."""
    overdue: bool
    """Whether `due_at` has passed and was announced."""

    @classmethod
    def of(cls, record: CaseRecord) -> "CaseResponse":
        """Return the public record: everything except who the members are (C19)."""
        case = record.case
        return cls(
            case_id=case.case_id,
            task_id=case.task_id,
            title=case.title,
            cause=case.cause,
            causes=[CauseResponse.of(each) for each in record.causes],
            state=case.state,
            sitting_id=case.sitting_id,
            meeting_id=case.meeting_id,
            deferrals=[DeferralResponse.model_validate(each) for each in record.deferrals],
            decision=DecisionResponse.of(record.decision) if record.decision else None,
            outcome=record.outcomes[-1].outcome if record.outcomes else None,
            outcomes=[OutcomeResponse.model_validate(each) for each in record.outcomes],
            directive_id=record.directive_id,
            opened_at=case.opened_at,
            due_at=case.due.at if case.due else None,
            overdue=case.due.overdue_announced if case.due else False,
        )
