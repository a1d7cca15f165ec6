"""Tasks: selected, referred, shown with their timeline."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field

from proposal.domain import reasons
from proposal.domain.selection import Draft, Origin, Task
from proposal.domain.timeline import Fact, TaskState, furthest, in_order
from proposal.schemas.words import LongText, NoteText, TitleText
from townhall.chassis.http import Moment, RequestModel, ResponseModel
from townhall.contracts.values import ProposalId, ReasonCode, RuleUsed

_ONE_OF_SELECTION = f"One of:\n\n{reasons.published(reasons.SELECTION)}"
_ONE_OF_REFERRAL = f"One of:\n\n{reasons.published(reasons.REFERRAL)}"
_PROPOSAL = "5ed67884-7363-40af-b9c1-01963e48fd51"
_LINEAGE = "The proposals it rests on; none for a task from the government's plans."


class TaskRequest(RequestModel):
    """A task to be put to the vote."""

    title: TitleText
    summary: LongText
    origin: Annotated[Origin, Field(examples=["proposals"])]
    proposal_ids: Annotated[
        list[UUID], Field(default_factory=list, max_length=100, examples=[[_PROPOSAL]], description=_LINEAGE)
    ]
    reason: Annotated[ReasonCode, Field(examples=["public-interest"], description=_ONE_OF_SELECTION)]
    note: NoteText = ""
    opens_at: Annotated[Moment | None, Field(description="Now, when left out.")] = None
    closes_at: Annotated[Moment | None, Field(description="By the rule's voting days, when left out.")] = None

    def draft(self) -> Draft:
        """What the officer wants put to the vote; a proposal named twice is named once."""
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
    """Why a task should come before the Committee without the threshold."""

    reason: Annotated[ReasonCode, Field(examples=["few-concerned"], description=_ONE_OF_REFERRAL)]
    note: NoteText = ""


class FactResponse(ResponseModel):
    """One fact on a timeline: which service announced what, and when."""

    at: datetime
    type: str
    source: str
    facts: dict[str, Any]


class TaskLine(ResponseModel):
    """A task in a list."""

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
    def of(cls, task: Task, received: TaskState) -> "TaskLine":
        """The task with the furthest step heard of it."""
        return cls(**_shown(task, received))


class TaskResponse(TaskLine):
    """A task with its timeline."""

    timeline: list[FactResponse]

    @classmethod
    def with_timeline(cls, task: Task, received: TaskState, facts: Sequence[Fact]) -> "TaskResponse":
        """The task with all that is known of its way, oldest first."""
        return cls(**_shown(task, received), timeline=[FactResponse.model_validate(fact) for fact in in_order(facts)])


def _shown(task: Task, received: TaskState) -> dict[str, Any]:
    # A referral made here is shown at once, though its event is heard like any other.
    own = TaskState.REFERRED if task.referral else TaskState.SELECTED
    return {
        "task_id": task.id,
        "title": task.draft.title,
        "summary": task.draft.summary,
        "state": furthest([own, received]),
        "origin": task.draft.origin,
        "proposal_ids": list(task.draft.proposal_ids),
        "reason": task.draft.reason,
        "note": task.draft.note,
        "rule": task.rule,
        "opens_at": task.opens_at,
        "closes_at": task.closes_at,
        "selected_at": task.selected_at,
    }
