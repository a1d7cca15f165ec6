"""The events of the proposal service: proposals, their screening, tasks and referrals."""

from typing import ClassVar, Literal

from pydantic import AwareDatetime

from townhall.contracts.event import Event
from townhall.contracts.values import ActedBy, BodyName, Note, ProposalId, ReasonCode, RuleUsed, TaskId, Title

TOPIC = "townhall.proposal.v1"


class ProposalEvent(Event):
    """An event about one proposal."""

    TOPIC: ClassVar[str] = TOPIC
    KEY: ClassVar[str] = "proposal_id"

    proposal_id: ProposalId


class ProposalSubmitted(ProposalEvent):
    """A proposal was submitted. The event doesn't contain its author."""

    TYPE: ClassVar[str] = "proposal.submitted.v1"

    title: Title
    acted_by: ActedBy
    screening_due_at: AwareDatetime
    """When its screening is due."""
    rule: RuleUsed


class ProposalAdmitted(ProposalEvent):
    """A proposal was admitted by screening."""

    TYPE: ClassVar[str] = "proposal.admitted.v1"

    acted_by: ActedBy
    reason: ReasonCode
    note: Note = ""


class ProposalRejected(ProposalEvent):
    """A proposal was rejected by screening."""

    TYPE: ClassVar[str] = "proposal.rejected.v1"

    acted_by: ActedBy
    reason: ReasonCode
    note: Note = ""


class ProposalRevisionRequested(ProposalEvent):
    """Screening requested a revision of a proposal; its author may resubmit it."""

    TYPE: ClassVar[str] = "proposal.revision-requested.v1"

    acted_by: ActedBy
    reason: ReasonCode
    note: Note = ""


class ProposalTransferred(ProposalEvent):
    """A proposal was transferred to the competent body."""

    TYPE: ClassVar[str] = "proposal.transferred.v1"

    acted_by: ActedBy
    reason: ReasonCode
    note: Note = ""
    body: BodyName


class ProposalMerged(ProposalEvent):
    """A proposal was merged into another one."""

    TYPE: ClassVar[str] = "proposal.merged.v1"

    acted_by: ActedBy
    into: ProposalId
    """The proposal it was merged into."""
    reason: ReasonCode
    note: Note = ""


class ProposalResubmitted(ProposalEvent):
    """The author resubmitted a revised proposal; screening starts again with a new due date."""

    TYPE: ClassVar[str] = "proposal.resubmitted.v1"

    title: Title
    screening_due_at: AwareDatetime
    """When its screening is due."""
    rule: RuleUsed


class ProposalWithdrawn(ProposalEvent):
    """The author withdrew a proposal before it became part of a task."""

    TYPE: ClassVar[str] = "proposal.withdrawn.v1"


class ScreeningOverdue(ProposalEvent):
    """The screening of a proposal was not done by its due date. Announced once per due date."""

    TYPE: ClassVar[str] = "proposal.screening-overdue.v1"

    due_at: AwareDatetime
    """When screening was due."""
    rule: RuleUsed


class TaskEvent(Event):
    """An event about one task."""

    TOPIC: ClassVar[str] = TOPIC
    KEY: ClassVar[str] = "task_id"

    task_id: TaskId


class TaskSelected(TaskEvent):
    """The Support Unit put a task to the vote."""

    TYPE: ClassVar[str] = "proposal.task-selected.v1"

    title: Title
    origin: Literal["proposals", "government"]
    """Whether it comes from citizens' proposals or from the government's own plans."""
    proposal_ids: tuple[ProposalId, ...]
    """The proposals it comes from; empty for a task from the government's own plans."""
    reason: ReasonCode
    note: Note = ""
    opens_at: AwareDatetime
    """When the vote opens: the first moment a ballot is accepted."""
    closes_at: AwareDatetime
    """When the vote closes: from this moment no ballot is accepted."""
    rule: RuleUsed


class TaskReferred(TaskEvent):
    """The Support Unit referred a task to the Committee, although its vote did not pass the threshold."""

    TYPE: ClassVar[str] = "proposal.task-referred.v1"

    title: Title
    acted_by: ActedBy
    reason: ReasonCode
    note: Note = ""
