"""Submitting, resubmitting and withdrawing proposals."""

from uuid import uuid4

from proposal import metrics
from proposal.domain import submission
from proposal.domain.lifecycle import NoSuchProposal, Person, Proposal, Wording
from proposal.store import proposals
from proposal.store.rules import RULES
from townhall.chassis.auth import Caller
from townhall.chassis.db import Transaction
from townhall.contracts import proposal as events
from townhall.contracts.values import ActedBy, ProposalId


async def submit_proposal(tx: Transaction, wording: Wording, caller: Caller) -> Proposal:
    """Store and announce a new proposal of the caller (P1). Raises `TooManyProposals` (P2)."""
    rule, person = await RULES.in_force(tx.session, tx.now), Person(caller.person)
    recent = await proposals.count_submitted(tx.session, person, tx.now - submission.QUOTA_PERIOD)
    author = submission.Author(person, ActedBy(caller.role), recent)
    new_id = ProposalId(uuid4())
    proposal = submission.submit(new_id, wording, author, parameters=rule.parameters, rule=rule.used, at=tx.now)
    await proposals.add(tx.session, proposal)
    tx.announce(
        events.ProposalSubmitted(
            proposal_id=proposal.id,
            title=proposal.wording.title,
            acted_by=author.role,
            screening_due_at=proposal.screening_due_at,
            rule=proposal.rule,
        )
    )
    tx.on_commit(metrics.SUBMISSIONS.labels(caller.role).inc)
    return proposal


async def resubmit_proposal(tx: Transaction, proposal_id: ProposalId, revised: Wording, caller: Caller) -> Proposal:
    """Store and announce the author's revised text (P8).

    Raises `NoSuchProposal`, `NotYourProposal` (P8) or `MoveNotAllowed` (P3).
    """
    rule, stored = await RULES.in_force(tx.session, tx.now), await get_for_update(tx, proposal_id)
    person = Person(caller.person)
    proposal = submission.resubmit(stored, revised, person, parameters=rule.parameters, rule=rule.used, at=tx.now)
    await proposals.save(tx.session, proposal)
    tx.announce(
        events.ProposalResubmitted(
            proposal_id=proposal.id,
            title=proposal.wording.title,
            screening_due_at=proposal.screening_due_at,
            rule=proposal.rule,
        )
    )
    return proposal


async def withdraw_proposal(tx: Transaction, proposal_id: ProposalId, caller: Caller) -> Proposal:
    """Withdraw the caller's proposal (P9).

    Raises `NoSuchProposal`, `NotYourProposal` (P8), `PartOfTask` (P9) or `MoveNotAllowed` (P3).
    """
    proposal = submission.withdraw(await get_for_update(tx, proposal_id), Person(caller.person))
    await proposals.save(tx.session, proposal)
    tx.announce(events.ProposalWithdrawn(proposal_id=proposal.id))
    return proposal


async def get_for_update(tx: Transaction, proposal_id: ProposalId) -> Proposal:
    """Lock and return one proposal. Raises `NoSuchProposal`."""
    found = await proposals.get_for_update(tx.session, {proposal_id})
    if proposal_id not in found:
        raise NoSuchProposal
    return found[proposal_id]
