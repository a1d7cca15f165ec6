"""Milestones: planned and reached, and announced when overdue."""

from dataclasses import replace
from datetime import date
from typing import Final
from uuid import uuid4

from evaluation import metrics
from evaluation.domain import milestone as domain
from evaluation.domain.initiative import Milestone
from evaluation.handlers.initiatives import get, get_for_update
from evaluation.store import milestones
from evaluation.store.initiatives import InitiativeDetails
from evaluation.store.rules import RULES
from townhall.chassis.db import Transaction
from townhall.contracts import evaluation as events
from townhall.contracts.values import InitiativeId, MilestoneId

MAX_OVERDUE: Final = 100
"""The most overdue milestones announced in one transaction."""


async def plan_milestone(tx: Transaction, initiative_id: InitiativeId, title: str, due_on: date) -> InitiativeDetails:
    """Add a milestone. Raises `NoSuchInitiative`, `NotUnderWay` or `MilestoneInThePast`."""
    rule, initiative = await RULES.in_force(tx.session, tx.now), await get_for_update(tx, initiative_id)
    milestone = Milestone(MilestoneId(uuid4()), title, due_on, tx.now)
    planned = domain.plan_milestone(initiative, milestone, today=rule.parameters.day(tx.now))
    await milestones.add(tx.session, planned.id, milestone)
    tx.announce(
        events.MilestonePlanned(
            task_id=planned.task_id,
            initiative_id=planned.id,
            milestone_id=milestone.id,
            title=title,
            due_on=due_on,
        )
    )
    tx.on_commit(metrics.MOVES.labels("plan-milestone").inc)
    return await get(tx, initiative_id)


async def reach_milestone(
    tx: Transaction, initiative_id: InitiativeId, milestone_id: MilestoneId, note: str
) -> InitiativeDetails:
    """Record that a milestone was reached.

    Raises `NoSuchInitiative`, `NoSuchMilestone`, `NotUnderWay` or `MilestoneAlreadyReached`.
    """
    initiative = await get_for_update(tx, initiative_id)
    reached = domain.reach_milestone(initiative, milestone_id, note, tx.now)
    await milestones.save(tx.session, initiative_id, reached)
    tx.announce(
        events.MilestoneReached(
            task_id=initiative.task_id,
            initiative_id=initiative.id,
            milestone_id=reached.id,
            title=reached.title,
            note=note,
        )
    )
    tx.on_commit(metrics.MOVES.labels("reach-milestone").inc)
    return await get(tx, initiative_id)


async def announce_overdue(tx: Transaction) -> int:
    """Announce unreached milestones past their due date, each once (E5); return how many. Safe in several processes."""
    rule = await RULES.in_force(tx.session, tx.now)
    overdue = await milestones.lock_overdue(tx.session, rule.parameters.day(tx.now), MAX_OVERDUE)
    for each in overdue:
        milestone = replace(each.milestone, overdue=True)
        await milestones.save(tx.session, each.initiative_id, milestone)
        tx.announce(
            events.MilestoneOverdue(
                task_id=each.task_id,
                initiative_id=each.initiative_id,
                milestone_id=milestone.id,
                title=milestone.title,
                due_on=milestone.due_on,
                rule=rule.used,
            )
        )
    return len(overdue)
