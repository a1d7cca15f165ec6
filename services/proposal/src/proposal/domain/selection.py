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
    """Where a task comes from."""

    PROPOSALS = "proposals"
    GOVERNMENT = "government"


class NoSuchTask(NotFound):
    """No task was selected under that id."""

    code = "no-such-task"
    title = "There is no task under this id."


class ProposalUnknown(Rejected):
    """One of the proposals doesn't exist."""

    code = "proposal-unknown"
    rule = "P11"
    status = 422
    title = "One of the proposals named does not exist."


class ProposalNotAdmitted(Rejected):
    """Only what passed screening is put to the vote."""

    code = "proposal-not-admitted"
    rule = "P11"
    title = "Every proposal of a task must have been admitted."


class LineageDoesNotFit(Rejected):
    """A task from proposals names them; a task of the government names none."""

    code = "lineage-does-not-fit-the-origin"
    rule = "P11"
    status = 422
    title = "A task from proposals names at least one; a task from the government's plans names none."


class OpensInThePast(Rejected):
    """A vote can't open before it is announced."""

    code = "opens-in-the-past"
    rule = "P12"
    status = 422
    title = "The vote cannot open before it is announced."


class OpensTooLate(Rejected):
    """The vote lies further ahead than the rule allows."""

    code = "opens-too-late"
    rule = "P12"
    status = 422
    title = "The vote would open later than the rule allows."


class ClosesBeforeOpening(Rejected):
    """A vote needs some time between opening and closing."""

    code = "closes-before-opening"
    rule = "P12"
    status = 422
    title = "The vote must close after it opens."


class LastsTooLong(Rejected):
    """The vote would go on longer than the rule allows."""

    code = "lasts-too-long"
    rule = "P12"
    status = 422
    title = "The vote would last longer than the rule allows."


@dataclass(frozen=True, slots=True)
class Draft:
    """What the officer wants to put to the vote. Times left out follow from the rule."""

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
    """The Support Unit's act of bringing a task to the Committee without the threshold."""

    reason: str
    note: str
    acted_by: ActedBy
    at: datetime


@dataclass(frozen=True, slots=True)
class Task:
    """What is put to the vote, with its lineage and the rule its times were set by."""

    id: TaskId
    draft: Draft
    opens_at: datetime
    closes_at: datetime
    selected_at: datetime
    rule: RuleUsed
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
    """Put a task to the vote. `found` are those of the draft's proposals that exist."""
    reasons.require(draft.reason, reasons.SELECTION)
    _require_lineage(draft, found)
    opens_at, closes_at = _period(draft, parameters, at)
    settled = replace(draft, opens_at=opens_at, closes_at=closes_at)
    return Task(task_id, settled, opens_at, closes_at, at, rule)


def _require_lineage(draft: Draft, found: Sequence[Proposal]) -> None:
    if bool(draft.proposal_ids) is not (draft.origin is Origin.PROPOSALS):
        raise LineageDoesNotFit  # P11
    if {one.id for one in found} != set(draft.proposal_ids):
        raise ProposalUnknown  # P11
    if any(one.state is not State.ADMITTED for one in found):
        raise ProposalNotAdmitted  # P11


def _period(draft: Draft, parameters: Parameters, at: datetime) -> tuple[datetime, datetime]:
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
