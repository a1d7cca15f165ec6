"""Selecting tasks and referring them to the Committee."""

from uuid import uuid4

from proposal import metrics
from proposal.domain import referral, selection
from proposal.domain.selection import Draft, NoSuchTask, Referral, Task
from proposal.domain.timeline import THRESHOLD_REACHED
from proposal.store import proposals, tasks, timeline
from proposal.store.rules import RULES
from townhall.chassis.db import Transaction
from townhall.contracts import proposal as events
from townhall.contracts.values import ActedBy, TaskId


async def select_task(tx: Transaction, draft: Draft) -> Task:
    """Store and announce a new task (P11, P12). Its proposals are locked, so that none is withdrawn meanwhile.

    Raises what `proposal.domain.selection.select` raises.
    """
    rule = await RULES.in_force(tx.session, tx.now)
    found = list((await proposals.get_for_update(tx.session, draft.proposal_ids)).values())
    task = selection.select(TaskId(uuid4()), draft, found, parameters=rule.parameters, rule=rule.used, at=tx.now)
    await tasks.add(tx.session, task)
    tx.announce(
        events.TaskSelected(
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
    tx.on_commit(metrics.SELECTIONS.labels(draft.origin).inc)
    return task


async def refer_task(tx: Transaction, task_id: TaskId, reason: str, note: str) -> Task:
    """Refer a task to the Committee without the threshold (P13).

    Raises `NoSuchTask` or what `proposal.domain.referral.refer` raises.
    """
    rule, task = await RULES.in_force(tx.session, tx.now), await tasks.get_for_update(tx.session, task_id)
    if task is None:
        raise NoSuchTask
    threshold_reached = await timeline.has_fact(tx.session, task_id, THRESHOLD_REACHED)
    new = Referral(reason, note, ActedBy.OFFICER, tx.now)
    referred = referral.refer(task, new, parameters=rule.parameters, threshold_reached=threshold_reached)
    await tasks.add_referral(tx.session, task_id, new)
    tx.announce(
        events.TaskReferred(task_id=task_id, title=task.draft.title, acted_by=new.acted_by, reason=reason, note=note)
    )
    tx.on_commit(metrics.REFERRALS.inc)
    return referred
