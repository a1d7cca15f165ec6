"""What the service does: load, decide, store, announce. Each in the one transaction it is given."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final
from uuid import uuid4

from proposal.domain import referral, screening, selection, submission, support, timeline
from proposal.domain.lifecycle import Move, NoSuchProposal, Person, Proposal, Screening, Wording
from proposal.domain.merging import Target
from proposal.domain.parameters import Parameters
from proposal.domain.screening import Verdict
from proposal.domain.selection import Draft, NoSuchTask, Referral, Task
from proposal.domain.timeline import Fact
from proposal.store import facts, proposals, supports, tasks
from townhall.chassis.auth import Caller
from townhall.chassis.db import Transaction
from townhall.chassis.rules import Rules
from townhall.contracts import proposal as wire
from townhall.contracts.values import ActedBy, ProposalId, TaskId

RULES: Final = Rules(Parameters)
ANNOUNCED: Final[Mapping[Move, type[wire.ProposalEvent]]] = {
    Move.ADMIT: wire.ProposalAdmitted,
    Move.REJECT: wire.ProposalRejected,
    Move.REQUEST_REVISION: wire.ProposalRevisionRequested,
    Move.TRANSFER: wire.ProposalTransferred,
    Move.MERGE: wire.ProposalMerged,
}
TOLD_AT_ONCE: Final = 100
"""Overdue screenings announced in one transaction."""


async def submit_proposal(tx: Transaction, wording: Wording, who: Caller) -> Proposal:
    """Take a proposal in and start the clock of its screening."""
    rule, person = await RULES.in_force(tx.session, tx.now), Person(who.person)
    recent = await proposals.recent(tx.session, person, tx.now - submission.QUOTA_WINDOW)
    author = submission.Author(person, ActedBy(who.role), recent)
    new_id = ProposalId(uuid4())
    made = submission.submit(new_id, wording, author, parameters=rule.parameters, rule=rule.used, at=tx.now)
    await proposals.add(tx.session, made)
    tx.announce(
        wire.ProposalSubmitted(
            proposal_id=made.id,
            title=made.wording.title,
            acted_by=author.role,
            screening_due_at=made.screening_due_at,
            rule=made.rule,
        )
    )
    return made


async def resubmit_proposal(tx: Transaction, proposal_id: ProposalId, improved: Wording, who: Caller) -> Proposal:
    """Take the improved text of a returned proposal in."""
    rule, returned = await RULES.in_force(tx.session, tx.now), await _locked(tx, proposal_id)
    person = Person(who.person)
    again = submission.resubmit(returned, improved, person, parameters=rule.parameters, rule=rule.used, at=tx.now)
    await proposals.save(tx.session, again)
    tx.announce(
        wire.ProposalResubmitted(
            proposal_id=again.id,
            title=again.wording.title,
            screening_due_at=again.screening_due_at,
            rule=again.rule,
        )
    )
    return again


async def withdraw_proposal(tx: Transaction, proposal_id: ProposalId, who: Caller) -> Proposal:
    """Let the author take a proposal back."""
    withdrawn = submission.withdraw(await _locked(tx, proposal_id), Person(who.person))
    await proposals.save(tx.session, withdrawn)
    tx.announce(wire.ProposalWithdrawn(proposal_id=withdrawn.id))
    return withdrawn


async def support_proposal(tx: Transaction, proposal_id: ProposalId, who: Caller) -> Proposal:
    """Count the caller among the supporters. Asked again, nothing changes, even when support has ended meanwhile."""
    proposal, person = await _locked(tx, proposal_id), Person(who.person)
    if await supports.given(tx.session, proposal_id, person):
        return proposal
    support.require_open(proposal)
    return await _counted(tx, proposal, await supports.give(tx.session, proposal_id, person, tx.now))


async def unsupport_proposal(tx: Transaction, proposal_id: ProposalId, who: Caller) -> Proposal:
    """Stop counting the caller among the supporters; possible at any time."""
    proposal = await _locked(tx, proposal_id)
    return await _counted(tx, proposal, -await supports.take_back(tx.session, proposal_id, Person(who.person)))


async def screen_proposal(tx: Transaction, proposal_id: ProposalId, verdict: Verdict, who: Caller) -> Proposal:
    """Decide on a proposal. Both sides of a merge are locked, so that two merges can't cross."""
    ids = {proposal_id} if verdict.merge_into is None else {proposal_id, verdict.merge_into}
    found = await proposals.locked(tx.session, ids)
    if proposal_id not in found:
        raise NoSuchProposal
    target = await _target(tx, found, verdict.merge_into)
    decided = screening.screen(found[proposal_id], verdict, Person(who.person), target=target, at=tx.now)
    await proposals.save(tx.session, decided)
    if decided.screening is not None:
        await proposals.add_screening(tx.session, decided.id, decided.screening)
        tx.announce(_announcement(decided, decided.screening))
    return decided


async def select_task(tx: Transaction, draft: Draft) -> Task:
    """Put a task to the vote. Its proposals are locked, so that none is withdrawn meanwhile."""
    rule = await RULES.in_force(tx.session, tx.now)
    found = list((await proposals.locked(tx.session, draft.proposal_ids)).values())
    task = selection.select(TaskId(uuid4()), draft, found, parameters=rule.parameters, rule=rule.used, at=tx.now)
    await tasks.add(tx.session, task)
    tx.announce(
        wire.TaskSelected(
            task_id=task.id,
            title=draft.title,
            origin=draft.origin.value,
            proposal_ids=draft.proposal_ids,
            reason=draft.reason,
            note=draft.note,
            opens_at=task.opens_at,
            closes_at=task.closes_at,
            rule=task.rule,
        )
    )
    return task


async def refer_task(tx: Transaction, task_id: TaskId, reason: str, note: str) -> Task:
    """Bring a task to the Committee without the threshold."""
    rule, task = await RULES.in_force(tx.session, tx.now), await tasks.locked(tx.session, task_id)
    if task is None:
        raise NoSuchTask
    reached = await facts.has(tx.session, task_id, timeline.THRESHOLD_REACHED)
    act = Referral(reason, note, ActedBy.OFFICER, tx.now)
    referred = referral.refer(task, act, parameters=rule.parameters, threshold_reached=reached)
    await tasks.add_referral(tx.session, task_id, act)
    tx.announce(
        wire.TaskReferred(task_id=task_id, title=task.draft.title, acted_by=act.acted_by, reason=reason, note=note)
    )
    return referred


async def tell_overdue_screenings(tx: Transaction) -> int:
    """Announce each due date of screening that passed, once. Several processes may do this at the same time."""
    late = await proposals.overdue(tx.session, tx.now, TOLD_AT_ONCE)
    for each in late:
        tx.announce(wire.ScreeningOverdue(proposal_id=each.id, due_at=each.screening_due_at, rule=each.rule))
    await proposals.note_told(tx.session, [each.id for each in late])
    return len(late)


async def note_facts(tx: Transaction, noted: Sequence[Fact]) -> None:
    """Put events on their tasks' timelines, whether the tasks are known here yet or not."""
    await facts.add(tx.session, noted)
    await facts.advance(tx.session, timeline.reached(noted))


async def _locked(tx: Transaction, proposal_id: ProposalId) -> Proposal:
    found = await proposals.locked(tx.session, {proposal_id})
    if proposal_id not in found:
        raise NoSuchProposal
    return found[proposal_id]


async def _counted(tx: Transaction, proposal: Proposal, change: int) -> Proposal:
    counted = replace(proposal, supports=proposal.supports + change)
    await proposals.save(tx.session, counted)
    return counted


async def _target(tx: Transaction, found: Mapping[ProposalId, Proposal], into: ProposalId | None) -> Target | None:
    if into is None or into not in found:
        return None
    return Target(into, found[into].state, await proposals.line(tx.session, into))


def _announcement(proposal: Proposal, decided: Screening) -> wire.ProposalEvent:
    said = {
        "proposal_id": proposal.id,
        "acted_by": decided.acted_by,
        "reason": decided.reason,
        "note": decided.note,
        "body": decided.body,
        "into": proposal.merged_into,
    }
    return ANNOUNCED[decided.decision].model_validate(said)
