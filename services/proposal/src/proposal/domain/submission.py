"""Submitting a proposal, improving a returned one, and taking one back."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import ClassVar, Final

from proposal.domain.lifecycle import Move, NotYourProposal, Person, Proposal, State, Wording, after
from proposal.domain.parameters import Parameters
from townhall.contracts.values import ActedBy, ProposalId, RuleUsed
from townhall.rejected import Rejected

QUOTA_WINDOW: Final = timedelta(days=1)
"""The quota counts what the same citizen handed in during this time before."""


class TooManyProposals(Rejected):
    """The citizen used up the quota of the last 24 hours."""

    code = "too-many-proposals"
    rule = "P2"
    status = 429
    title = "You have submitted as many proposals as the rules allow within 24 hours. Please come back later."
    headers: ClassVar[dict[str, str]] = {"Retry-After": "3600"}


class PartOfTask(Rejected):
    """A task that was put to the vote rests on the proposal."""

    code = "part-of-a-task"
    rule = "P9"
    title = "The proposal is part of a task and can no longer be withdrawn."


@dataclass(frozen=True, slots=True)
class Author:
    """Who hands a proposal in, and how many were handed in by the same person within the quota's window."""

    person: Person
    role: ActedBy
    recent: int


def submit(
    proposal_id: ProposalId, wording: Wording, author: Author, *, parameters: Parameters, rule: RuleUsed, at: datetime
) -> Proposal:
    """Take a proposal in; the clock of its screening starts at once."""
    if author.role is ActedBy.CITIZEN and author.recent >= parameters.proposals_a_day:
        raise TooManyProposals  # P2
    due_at = _screening_due(parameters, at)
    return Proposal(proposal_id, author.person, wording, State.SCREENING, at, due_at, rule)


def resubmit(
    proposal: Proposal, improved: Wording, who: Person, *, parameters: Parameters, rule: RuleUsed, at: datetime
) -> Proposal:
    """Hand an improved text in; screening starts again under the rule in force now."""
    _require_author(proposal, who)
    wording = replace(improved, topic=proposal.wording.topic)
    due_at = _screening_due(parameters, at)
    state = after(proposal.state, Move.RESUBMIT)
    return replace(proposal, wording=wording, state=state, screening_due_at=due_at, rule=rule)


def withdraw(proposal: Proposal, who: Person) -> Proposal:
    """Take a proposal back before it becomes part of a task."""
    _require_author(proposal, who)
    if proposal.task_ids:
        raise PartOfTask  # P9
    return replace(proposal, state=after(proposal.state, Move.WITHDRAW))


def _require_author(proposal: Proposal, who: Person) -> None:
    if proposal.author != who:
        raise NotYourProposal  # P8


def _screening_due(parameters: Parameters, at: datetime) -> datetime:
    return at + timedelta(days=parameters.screening_days)  # P1
