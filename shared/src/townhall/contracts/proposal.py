"""The facts the proposal service announces: proposals, their screening, tasks and referrals."""

from typing import ClassVar, Literal

from pydantic import AwareDatetime

from townhall.contracts.event import Event
from townhall.contracts.values import ActedBy, BodyName, Note, ProposalId, ReasonCode, RuleUsed, TaskId, Title

TOPIC = "townhall.proposal.v1"


class ProposalEvent(Event):
    """A fact about one proposal."""

    TOPIC: ClassVar[str] = TOPIC
    KEY: ClassVar[str] = "proposal_id"

    proposal_id: ProposalId


class ProposalSubmitted(ProposalEvent):
    """A citizen, an agency or an offline session wrote a proposal. Its author is never told."""

    TYPE: ClassVar[str] = "proposal.submitted.v1"

    title: Title
    acted_by: ActedBy
    screening_due_at: AwareDatetime
    """By when screening must decide."""
    rule: RuleUsed


class ProposalAdmitted(ProposalEvent):
    """Screening admitted it."""

    TYPE: ClassVar[str] = "proposal.admitted.v1"

    acted_by: ActedBy
    reason: ReasonCode
    note: Note = ""


class ProposalRejected(ProposalEvent):
    """Screening refused it, with a coded public reason."""

    TYPE: ClassVar[str] = "proposal.rejected.v1"

    acted_by: ActedBy
    reason: ReasonCode
    note: Note = ""


class ProposalRevisionRequested(ProposalEvent):
    """Screening returned it for improvement; it may be resubmitted."""

    TYPE: ClassVar[str] = "proposal.revision-requested.v1"

    acted_by: ActedBy
    reason: ReasonCode
    note: Note = ""


class ProposalTransferred(ProposalEvent):
    """Screening sent it to the body that is competent for it."""

    TYPE: ClassVar[str] = "proposal.transferred.v1"

    acted_by: ActedBy
    reason: ReasonCode
    note: Note = ""
    body: BodyName


class ProposalMerged(ProposalEvent):
    """It goes on as part of another proposal; the lineage is kept."""

    TYPE: ClassVar[str] = "proposal.merged.v1"

    acted_by: ActedBy
    into: ProposalId
    """The proposal it goes on in."""
    reason: ReasonCode
    note: Note = ""


class ProposalResubmitted(ProposalEvent):
    """Its author improved a returned proposal; screening starts again with a new due date."""

    TYPE: ClassVar[str] = "proposal.resubmitted.v1"

    title: Title
    screening_due_at: AwareDatetime
    """By when screening must decide."""
    rule: RuleUsed


class ProposalWithdrawn(ProposalEvent):
    """Its author took it back before it became part of a task."""

    TYPE: ClassVar[str] = "proposal.withdrawn.v1"


class ScreeningOverdue(ProposalEvent):
    """Its screening was not done by the due date."""

    TYPE: ClassVar[str] = "proposal.screening-overdue.v1"

    due_at: AwareDatetime
    """When screening was due."""
    rule: RuleUsed


class TaskEvent(Event):
    """A fact about one task."""

    TOPIC: ClassVar[str] = TOPIC
    KEY: ClassVar[str] = "task_id"

    task_id: TaskId


class TaskSelected(TaskEvent):
    """The Support Unit put a task to the vote, with a published reason."""

    TYPE: ClassVar[str] = "proposal.task-selected.v1"

    title: Title
    origin: Literal["proposals", "government"]
    """Who proposed it: citizens, or the government itself."""
    proposal_ids: tuple[ProposalId, ...]
    """The lineage; empty for a task from the government's own plans."""
    reason: ReasonCode
    note: Note = ""
    opens_at: AwareDatetime
    """From when ballots are accepted."""
    closes_at: AwareDatetime
    """From when none is accepted any more."""
    rule: RuleUsed


class TaskReferred(TaskEvent):
    """The Support Unit referred a task to the Committee without the threshold."""

    TYPE: ClassVar[str] = "proposal.task-referred.v1"

    title: Title
    acted_by: ActedBy
    reason: ReasonCode
    note: Note = ""
