"""Tasks: selection, referral, and the public record with its timeline."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field

from proposal.domain import reasons
from proposal.domain.selection import Draft, Origin, Task
from proposal.domain.timeline import Fact, TaskState, furthest, in_order
from proposal.schemas.text import LongText, NoteText, TitleText
from townhall.chassis.http import Moment, RequestModel, ResponseModel
from townhall.contracts.values import ProposalId, ReasonCode, RuleUsed

_SELECTION_REASON = f"One of:\n\n{reasons.markdown(reasons.SELECTION)}"
_REFERRAL_REASON = f"One of:\n\n{reasons.markdown(reasons.REFERRAL)}"
_PROPOSAL = "5ed67884-7363-40af-b9c1-01963e48fd51"
_PROPOSALS = "The proposals the task comes from; none for a task from the government's plans."


class TaskRequest(RequestModel):
    """A task to be put to the vote."""

    title: TitleText
    summary: LongText
    origin: Annotated[Origin, Field(examples=["proposals"])]
    proposal_ids: Annotated[
        list[UUID], Field(default_factory=list, max_length=100, examples=[[_PROPOSAL]], description=_PROPOSALS)
    ]
    reason: Annotated[ReasonCode, Field(examples=["public-interest"], description=_SELECTION_REASON)]
    note: NoteText = ""
    opens_at: Annotated[Moment | None, Field(description="The time of the request, when left out.")] = None
    closes_at: Annotated[Moment | None, Field(description="Set by the rule's voting days, when left out.")] = None

    def draft(self) -> Draft:
        """Return the task as a domain value; a proposal named twice is kept once."""
        return Draft(
            title=self.title,
            summary=self.summary,
            origin=self.origin,
            proposal_ids=tuple(dict.fromkeys(ProposalId(each) for each in self.proposal_ids)),
            reason=self.reason,
            note=self.note,
            opens_at=self.opens_at,
            closes_at=self.closes_at,
        )


class ReferralRequest(RequestModel):
    """The reason for a referral to the Committee without the threshold."""

    reason: Annotated[ReasonCode, Field(examples=["few-concerned"], description=_REFERRAL_REASON)]
    note: NoteText = ""


class FactResponse(ResponseModel):
    """One entry of a timeline: an event, its service, and its time."""

    at: datetime
    type: str
    source: str
    facts: dict[str, Any]


class TaskSummaryResponse(ResponseModel):
    """A task in a list, without its timeline."""

    task_id: UUID
    title: str
    summary: str
    state: TaskState
    origin: Origin
    proposal_ids: list[UUID]
    reason: str
    note: str
    rule: RuleUsed
    opens_at: datetime
    closes_at: datetime
    selected_at: datetime

    @classmethod
    def of(cls, task: Task, state: TaskState) -> "TaskSummaryResponse":
        """Return the public record; `state` is the furthest state shown by the events about the task."""
        return cls(**_fields(task, state))


class TaskResponse(TaskSummaryResponse):
    """A task with its timeline."""

    timeline: list[FactResponse]

    @classmethod
    def with_timeline(cls, task: Task, state: TaskState, facts: Sequence[Fact]) -> "TaskResponse":
        """Return the public record with its timeline, oldest first; `facts` may be in any order."""
        return cls(**_fields(task, state), timeline=[FactResponse.model_validate(fact) for fact in in_order(facts)])


def _fields(task: Task, state: TaskState) -> dict[str, Any]:
    # A referral is visible at once, although its event arrives through the topic like any other.
    own = TaskState.REFERRED if task.referral else TaskState.SELECTED
    return {
        "task_id": task.id,
        "title": task.draft.title,
        "summary": task.draft.summary,
        "state": furthest([own, state]),
        "origin": task.draft.origin,
        "proposal_ids": list(task.draft.proposal_ids),
        "reason": task.draft.reason,
        "note": task.draft.note,
        "rule": task.rule,
        "opens_at": task.opens_at,
        "closes_at": task.closes_at,
        "selected_at": task.selected_at,
    }
