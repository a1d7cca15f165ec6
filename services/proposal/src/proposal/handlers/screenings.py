"""Screening decisions, and the announcement of screenings that are overdue."""

from collections.abc import Mapping
from typing import Final

from proposal import metrics
from proposal.domain import screening
from proposal.domain.lifecycle import Move, NoSuchProposal, Person, Proposal, Screening
from proposal.domain.merging import Target
from proposal.domain.screening import Verdict
from proposal.store import proposals, screenings
from townhall.chassis.auth import Caller
from townhall.chassis.db import Transaction
from townhall.contracts import proposal as events
from townhall.contracts.values import ProposalId

EVENT_BY_DECISION: Final[Mapping[Move, type[events.ProposalEvent]]] = {
    Move.ADMIT: events.ProposalAdmitted,
    Move.REJECT: events.ProposalRejected,
    Move.REQUEST_REVISION: events.ProposalRevisionRequested,
    Move.TRANSFER: events.ProposalTransferred,
    Move.MERGE: events.ProposalMerged,
}
BATCH_SIZE: Final = 100
"""The most overdue screenings announced in one transaction."""


async def screen_proposal(tx: Transaction, proposal_id: ProposalId, verdict: Verdict, caller: Caller) -> Proposal:
    """Store and announce an officer's decision on a proposal (P3 to P7).

    For a merge both proposals are locked, so that two merges in opposite directions can't both succeed.
    Raises `NoSuchProposal` or what `proposal.domain.screening.screen` raises.
    """
    ids = {proposal_id} if verdict.merge_into is None else {proposal_id, verdict.merge_into}
    found = await proposals.get_for_update(tx.session, ids)
    if proposal_id not in found:
        raise NoSuchProposal
    target = await _target(tx, found, verdict.merge_into)
    decided = screening.screen(found[proposal_id], verdict, Person(caller.person), target=target, at=tx.now)
    await proposals.save(tx.session, decided)
    if decided.screening is not None:
        await screenings.add(tx.session, decided.id, decided.screening)
        tx.announce(_announcement(decided, decided.screening))
    tx.on_commit(metrics.SCREENINGS.labels(verdict.decision).inc)
    return decided


async def announce_overdue_screenings(tx: Transaction) -> int:
    """Announce each due date of a screening that has passed, once (P16). Run by a timer.

    Returns how many were announced, at most `BATCH_SIZE`. Several processes may run it at the same time.
    """
    found = await proposals.get_for_update(tx.session, await screenings.lock_overdue(tx.session, tx.now, BATCH_SIZE))
    for each in found.values():
        tx.announce(events.ScreeningOverdue(proposal_id=each.id, due_at=each.screening_due_at, rule=each.rule))
    await screenings.mark_overdue_announced(tx.session, found)
    return len(found)


async def _target(tx: Transaction, found: Mapping[ProposalId, Proposal], into: ProposalId | None) -> Target | None:
    if into is None or into not in found:
        return None
    return Target(into, found[into].state, await proposals.merge_chain(tx.session, into))


def _announcement(proposal: Proposal, decision: Screening) -> events.ProposalEvent:
    fields = {
        "proposal_id": proposal.id,
        "acted_by": decision.acted_by,
        "reason": decision.reason,
        "note": decision.note,
        "body": decision.body,
        "into": proposal.merged_into,
    }
    return EVENT_BY_DECISION[decision.decision].model_validate(fields)
