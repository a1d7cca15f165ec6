"""Supporting a proposal and withdrawing the support."""

from dataclasses import replace

from proposal import metrics
from proposal.domain import support
from proposal.domain.lifecycle import Person, Proposal
from proposal.handlers.proposals import get_for_update
from proposal.store import proposals, supports
from townhall.chassis.auth import Caller
from townhall.chassis.db import Transaction
from townhall.contracts.values import ProposalId


async def add_support(tx: Transaction, proposal_id: ProposalId, caller: Caller) -> Proposal:
    """Add the caller's support; no change if it exists, in whatever state the proposal is now (P10).

    Returns the proposal with its new count. Raises `NoSuchProposal` or `NotOpenToSupport` (P10).
    """
    proposal, person = await get_for_update(tx, proposal_id), Person(caller.person)
    tx.on_commit(metrics.SUPPORTS.labels("added").inc)
    if await supports.exists(tx.session, proposal_id, person):
        return proposal
    support.require_open(proposal)
    return await _change_count(tx, proposal, await supports.add(tx.session, proposal_id, person, tx.now))


async def withdraw_support(tx: Transaction, proposal_id: ProposalId, caller: Caller) -> Proposal:
    """Withdraw the caller's support, in any state of the proposal; no change if there is none (P10).

    Returns the proposal with its new count. Raises `NoSuchProposal`.
    """
    proposal = await get_for_update(tx, proposal_id)
    tx.on_commit(metrics.SUPPORTS.labels("withdrawn").inc)
    return await _change_count(tx, proposal, -await supports.remove(tx.session, proposal_id, Person(caller.person)))


async def _change_count(tx: Transaction, proposal: Proposal, change: int) -> Proposal:
    changed = replace(proposal, supports=proposal.supports + change)
    await proposals.save(tx.session, changed)
    return changed
