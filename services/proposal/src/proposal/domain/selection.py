"""Selection: the Support Unit puts a task to the vote, from proposals or from the government's own plans."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from proposal.domain import reasons
from proposal.domain.lifecycle import Proposal, State
from proposal.domain.parameters import Parameters
from townhall.contracts.values import ActedBy, ProposalId, RuleUsed, TaskId
from townhall.rejected import NotFound, Rejected


class Origin(StrEnum):
    """Who initiated a task: citizens by their proposals, or the government by its own plans."""

    PROPOSALS = "proposals"
    GOVERNMENT = "government"


class NoSuchTask(NotFound):
    """No task has this id."""

    code = "no-such-task"
    title = "There is no task under this id."


class ProposalUnknown(Rejected):
    """P11: one of the proposals named doesn't exist."""

    code = "proposal-unknown"
    rule = "P11"
    status = 422
    title = "One of the proposals named does not exist."


class ProposalNotAdmitted(Rejected):
    """P11: one of the proposals named isn't in the state `admitted`."""

    code = "proposal-not-admitted"
    rule = "P11"
    title = "Every proposal of a task must have been admitted."


class LineageDoesNotFit(Rejected):
    """P11: a task from proposals names them; a task of the government names none."""

    code = "lineage-does-not-fit-the-origin"
    rule = "P11"
    status = 422
    title = "A task from proposals names at least one; a task from the government's plans names none."


class OpensInThePast(Rejected):
    """P12: the vote would open before its task is announced."""

    code = "opens-in-the-past"
    rule = "P12"
    status = 422
    title = "The vote cannot open before it is announced."


class OpensTooLate(Rejected):
    """P12: the vote would open later than `latest_opening_days` from now."""

    code = "opens-too-late"
    rule = "P12"
    status = 422
    title = "The vote would open later than the rule allows."


class ClosesBeforeOpening(Rejected):
    """P12: the vote would close at its opening or before."""

    code = "closes-before-opening"
    rule = "P12"
    status = 422
    title = "The vote must close after it opens."


class LastsTooLong(Rejected):
    """P12: the vote would last longer than `longest_voting_days`."""

    code = "lasts-too-long"
    rule = "P12"
    status = 422
    title = "The vote would last longer than the rule allows."


@dataclass(frozen=True, slots=True)
class Draft:
    """A task as an officer submits it. Times left out are set by the rule in force (P12)."""

    title: str
    summary: str
    origin: Origin
    proposal_ids: tuple[ProposalId, ...]
    reason: str
    note: str = ""
    opens_at: datetime | None = None
    closes_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Referral:
    """A referral of a task to the Committee without the threshold."""

    reason: str
    note: str
    acted_by: ActedBy
    at: datetime


@dataclass(frozen=True, slots=True)
class Task:
    """A task that is put to the vote."""

    id: TaskId
    draft: Draft
    """Text, origin, proposals and reason; its times equal the task's."""
    opens_at: datetime
    closes_at: datetime
    selected_at: datetime
    rule: RuleUsed
    """The rule version that limited the times."""
    referral: Referral | None = None


def select(
    task_id: TaskId,
    draft: Draft,
    found: Sequence[Proposal],
    *,
    parameters: Parameters,
    rule: RuleUsed,
    at: datetime,
) -> Task:
    """Return a new task (P11, P12). `found` are those of the draft's proposals that exist.

    Raises `UnknownReason` (P5), `LineageDoesNotFit`, `ProposalUnknown`, `ProposalNotAdmitted` (P11), `OpensInThePast`,
    `OpensTooLate`, `ClosesBeforeOpening` or `LastsTooLong` (P12).
    """
    reasons.require(draft.reason, reasons.SELECTION)
    _require_lineage(draft, found)
    opens_at, closes_at = _voting_period(draft, parameters, at)
    complete = replace(draft, opens_at=opens_at, closes_at=closes_at)
    return Task(task_id, complete, opens_at, closes_at, at, rule)


def _require_lineage(draft: Draft, found: Sequence[Proposal]) -> None:
    if bool(draft.proposal_ids) is not (draft.origin is Origin.PROPOSALS):
        raise LineageDoesNotFit  # P11
    if {each.id for each in found} != set(draft.proposal_ids):
        raise ProposalUnknown  # P11
    if any(each.state is not State.ADMITTED for each in found):
        raise ProposalNotAdmitted  # P11


def _voting_period(draft: Draft, parameters: Parameters, at: datetime) -> tuple[datetime, datetime]:
    opens_at = draft.opens_at or at
    if opens_at < at:
        raise OpensInThePast  # P12
    if opens_at > at + timedelta(days=parameters.latest_opening_days):
        raise OpensTooLate  # P12
    closes_at = draft.closes_at or opens_at + timedelta(days=parameters.voting_days)
    if closes_at <= opens_at:
        raise ClosesBeforeOpening  # P12
    if closes_at > opens_at + timedelta(days=parameters.longest_voting_days):
        raise LastsTooLong  # P12
    return opens_at, closes_at
