"""Submitting a proposal, resubmitting a revised one, and withdrawing one."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import ClassVar, Final

from proposal.domain.lifecycle import Move, NotYourProposal, Person, Proposal, State, Wording, next_state
from proposal.domain.parameters import Parameters
from townhall.contracts.values import ActedBy, ProposalId, RuleUsed
from townhall.rejected import Rejected

QUOTA_PERIOD: Final = timedelta(days=1)
"""The quota counts the citizen's submissions of this period before the new one (P2)."""


class TooManyProposals(Rejected):
    """P2: the citizen used up the quota of the last 24 hours."""

    code = "too-many-proposals"
    rule = "P2"
    status = 429
    title = "You have submitted as many proposals as the rules allow within 24 hours. Please come back later."
    headers: ClassVar[dict[str, str]] = {"Retry-After": "3600"}


class PartOfTask(Rejected):
    """P9: the proposal is part of a task."""

    code = "part-of-a-task"
    rule = "P9"
    title = "The proposal is part of a task and can no longer be withdrawn."


@dataclass(frozen=True, slots=True)
class Author:
    """The person who submits a proposal, and the role they act in."""

    person: Person
    role: ActedBy
    recent_submissions: int
    """How many proposals this person submitted within `QUOTA_PERIOD`."""


def submit(
    proposal_id: ProposalId, wording: Wording, author: Author, *, parameters: Parameters, rule: RuleUsed, at: datetime
) -> Proposal:
    """Return a new proposal in screening, with its due date (P1). Raises `TooManyProposals` (P2)."""
    if author.role is ActedBy.CITIZEN and author.recent_submissions >= parameters.proposals_a_day:
        raise TooManyProposals  # P2
    due_at = _screening_due(parameters, at)
    return Proposal(proposal_id, author.person, wording, State.SCREENING, at, due_at, rule)


def resubmit(
    proposal: Proposal, revised: Wording, person: Person, *, parameters: Parameters, rule: RuleUsed, at: datetime
) -> Proposal:
    """Return the proposal with the revised text, in screening again under the rule in force now (P8).

    The topic stays as it was. Raises `NotYourProposal` (P8) or `MoveNotAllowed` (P3).
    """
    _require_author(proposal, person)
    wording = replace(revised, topic=proposal.wording.topic)
    due_at = _screening_due(parameters, at)
    state = next_state(proposal.state, Move.RESUBMIT)
    return replace(proposal, wording=wording, state=state, screening_due_at=due_at, rule=rule)


def withdraw(proposal: Proposal, person: Person) -> Proposal:
    """Return the proposal as withdrawn by its author (P9).

    Raises `NotYourProposal` (P8), `PartOfTask` (P9) or `MoveNotAllowed` (P3).
    """
    _require_author(proposal, person)
    if proposal.task_ids:
        raise PartOfTask  # P9
    return replace(proposal, state=next_state(proposal.state, Move.WITHDRAW))


def _require_author(proposal: Proposal, person: Person) -> None:
    if proposal.author != person:
        raise NotYourProposal  # P8


def _screening_due(parameters: Parameters, at: datetime) -> datetime:
    return at + timedelta(days=parameters.screening_days)  # P1
