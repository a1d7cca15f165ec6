"""Initiatives: opened by directives, reported on by the responsible body, verified by the Support Unit."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Final
from uuid import uuid4

from evaluation.domain import delivery
from evaluation.domain.delivery import Directive, TaskHasInitiative
from evaluation.domain.initiative import Initiative, Milestone, NoSuchInitiative
from evaluation.handlers import RULES
from evaluation.store import initiatives, progress
from evaluation.store.initiatives import InitiativeDetails
from townhall.chassis.db import Transaction
from townhall.contracts import evaluation as wire
from townhall.contracts.values import InitiativeId, MilestoneId

TOLD_AT_ONCE: Final = 100
"""Overdue initiatives, and missed milestones, announced in one transaction."""


async def open_initiatives(tx: Transaction, directives: Sequence[tuple[Directive, datetime]]) -> None:
    """Open the one initiative of each adopted task. The same directive again changes nothing."""
    asked: dict[InitiativeId, Initiative] = {}
    for directive, at in directives:
        opened = delivery.open_initiative(directive, at)
        asked.setdefault(opened.id, opened)
    added = await initiatives.add(tx.session, list(asked.values()))
    refused = asked.keys() - added
    if refused and refused != await initiatives.known(tx.session, refused):
        raise TaskHasInitiative  # E1
    tx.announce(*(_opened(initiative) for initiative in asked.values() if initiative.id in added))


def _opened(initiative: Initiative) -> wire.InitiativeOpened:
    return wire.InitiativeOpened(
        task_id=initiative.task_id,
        initiative_id=initiative.id,
        directive_id=initiative.directive_id,
        title=initiative.title,
        responsible_body=initiative.responsible_body,
        due_on=initiative.due_on,
    )


async def start(tx: Transaction, initiative_id: InitiativeId) -> InitiativeDetails:
    """Note that work has begun."""
    started = delivery.start(await _locked(tx, initiative_id), tx.now)
    tx.announce(wire.InitiativeStarted(task_id=started.task_id, initiative_id=started.id))
    return await _saved(tx, started)


async def delay(
    tx: Transaction, initiative_id: InitiativeId, reason: str, note: str, due_on: date
) -> InitiativeDetails:
    """Move the due date, in public."""
    rule, initiative = await RULES.in_force(tx.session, tx.now), await _locked(tx, initiative_id)
    today = rule.parameters.day(tx.now)
    delayed = delivery.delay(initiative, reason, note, due_on, today=today, at=tx.now)
    kept = delayed.delays[-1]
    await progress.add_delay(tx.session, delayed.id, kept)
    tx.announce(
        wire.InitiativeDelayed(
            task_id=delayed.task_id,
            initiative_id=delayed.id,
            reason=kept.reason,
            note=kept.note,
            was_due_on=kept.was_due_on,
            due_on=kept.due_on,
            acted_by=kept.acted_by,
        )
    )
    return await _saved(tx, delayed)


async def complete(tx: Transaction, initiative_id: InitiativeId, note: str) -> InitiativeDetails:
    """Note the responsible body's word that the initiative is done."""
    done = delivery.complete(await _locked(tx, initiative_id), note, tx.now)
    if done.report is not None:
        await progress.add_report(tx.session, done.id, done.report)
    tx.announce(wire.InitiativeDone(task_id=done.task_id, initiative_id=done.id, note=note))
    return await _saved(tx, done)


async def drop(tx: Transaction, initiative_id: InitiativeId, reason: str, note: str) -> InitiativeDetails:
    """Note that the responsible body gave the initiative up, and why."""
    dropped = delivery.drop(await _locked(tx, initiative_id), reason, note, tx.now)
    if dropped.report is not None:
        await progress.add_report(tx.session, dropped.id, dropped.report)
        said = dropped.report
        tx.announce(
            wire.InitiativeDropped(
                task_id=dropped.task_id,
                initiative_id=dropped.id,
                reason=reason,
                note=note,
                acted_by=said.acted_by,
            )
        )
    return await _saved(tx, dropped)


async def verify(tx: Transaction, initiative_id: InitiativeId, note: str) -> InitiativeDetails:
    """Note the Support Unit's word that the report is true."""
    verified = delivery.verify(await _locked(tx, initiative_id), note, tx.now)
    said = verified.verification
    if said is not None:
        await progress.add_verification(tx.session, verified.id, said)
        tx.announce(
            wire.InitiativeVerified(
                task_id=verified.task_id, initiative_id=verified.id, acted_by=said.acted_by, note=note
            )
        )
    return await _saved(tx, verified)


async def plan_milestone(tx: Transaction, initiative_id: InitiativeId, title: str, due_on: date) -> InitiativeDetails:
    """Add a step to the public plan."""
    rule, initiative = await RULES.in_force(tx.session, tx.now), await _locked(tx, initiative_id)
    step = Milestone(MilestoneId(uuid4()), title, due_on, tx.now)
    planned = delivery.plan_milestone(initiative, step, today=rule.parameters.day(tx.now))
    await progress.add_milestone(tx.session, planned.id, step)
    tx.announce(
        wire.MilestonePlanned(
            task_id=planned.task_id, initiative_id=planned.id, milestone_id=step.id, title=title, due_on=due_on
        )
    )
    return await _shown(tx, initiative_id)


async def reach_milestone(
    tx: Transaction, initiative_id: InitiativeId, milestone_id: MilestoneId, note: str
) -> InitiativeDetails:
    """Note that a planned step was reached."""
    initiative = await _locked(tx, initiative_id)
    step = delivery.reach_milestone(initiative, milestone_id, note, tx.now)
    await progress.save_milestone(tx.session, step)
    tx.announce(
        wire.MilestoneReached(
            task_id=initiative.task_id, initiative_id=initiative.id, milestone_id=step.id, title=step.title, note=note
        )
    )
    return await _shown(tx, initiative_id)


async def tell_overdue(tx: Transaction) -> int:
    """Announce each due date that passed without completion, once. Several processes may do this at the same time."""
    rule = await RULES.in_force(tx.session, tx.now)
    late = await initiatives.overdue(tx.session, rule.parameters.day(tx.now), TOLD_AT_ONCE)
    for each in late:
        await initiatives.save(tx.session, replace(each, overdue_for=each.due_on))
        told = wire.InitiativeOverdue(task_id=each.task_id, initiative_id=each.id, due_on=each.due_on, rule=rule.used)
        tx.announce(told)
    return len(late)


async def tell_missed_milestones(tx: Transaction) -> int:
    """Announce each milestone whose day passed without it, once. Several processes may do this at the same time."""
    rule = await RULES.in_force(tx.session, tx.now)
    missed = await progress.missed(tx.session, rule.parameters.day(tx.now), TOLD_AT_ONCE)
    for each in missed:
        step = replace(each.milestone, overdue=True)
        await progress.save_milestone(tx.session, step)
        tx.announce(
            wire.MilestoneOverdue(
                task_id=each.task_id,
                initiative_id=each.initiative_id,
                milestone_id=step.id,
                title=step.title,
                due_on=step.due_on,
                rule=rule.used,
            )
        )
    return len(missed)


async def _locked(tx: Transaction, initiative_id: InitiativeId) -> Initiative:
    found = await initiatives.locked(tx.session, [initiative_id])
    if initiative_id not in found:
        raise NoSuchInitiative
    return found[initiative_id]


async def _saved(tx: Transaction, changed: Initiative) -> InitiativeDetails:
    await initiatives.save(tx.session, changed)
    return await _shown(tx, changed.id)


async def _shown(tx: Transaction, initiative_id: InitiativeId) -> InitiativeDetails:
    details = await initiatives.details(tx.session, initiative_id)
    if details is None:
        raise NoSuchInitiative
    return details
