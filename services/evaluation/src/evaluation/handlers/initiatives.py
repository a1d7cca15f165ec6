"""Initiatives: opened by directives, reported on by the responsible body, verified by the Support Unit."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Final

from evaluation import metrics
from evaluation.domain import lifecycle
from evaluation.domain.initiative import Initiative, Move, NoSuchInitiative
from evaluation.domain.lifecycle import Directive, TaskHasInitiative
from evaluation.store import delays, initiatives, reports
from evaluation.store.initiatives import InitiativeDetails
from evaluation.store.rules import RULES
from townhall.chassis.db import Transaction
from townhall.contracts import evaluation as events
from townhall.contracts.values import InitiativeId

MAX_OVERDUE: Final = 100
"""The most overdue initiatives announced in one transaction."""


async def open_initiatives(tx: Transaction, directives: Sequence[tuple[Directive, datetime]]) -> None:
    """Open the initiative of each adopting directive, at the given time; a directive consumed before has no effect.

    Raises `NotAdopting` or `TaskHasInitiative` (E1), and then opens none.
    """
    planned: dict[InitiativeId, Initiative] = {}
    for directive, at in directives:
        opened = lifecycle.open_initiative(directive, at)
        planned.setdefault(opened.id, opened)
    added = await initiatives.add(tx.session, list(planned.values()))
    skipped = planned.keys() - added
    if skipped and skipped != await initiatives.existing(tx.session, skipped):
        raise TaskHasInitiative
    tx.announce(*(_opened(initiative) for initiative in planned.values() if initiative.id in added))


def _opened(initiative: Initiative) -> events.InitiativeOpened:
    return events.InitiativeOpened(
        task_id=initiative.task_id,
        initiative_id=initiative.id,
        directive_id=initiative.directive_id,
        title=initiative.title,
        responsible_body=initiative.responsible_body,
        due_on=initiative.due_on,
    )


async def start(tx: Transaction, initiative_id: InitiativeId) -> InitiativeDetails:
    """Record that work has begun. Raises `NoSuchInitiative` or `MoveNotAllowed`."""
    started = lifecycle.start(await get_for_update(tx, initiative_id), tx.now)
    tx.announce(events.InitiativeStarted(task_id=started.task_id, initiative_id=started.id))
    return await _save(tx, started, Move.START)


async def delay(
    tx: Transaction, initiative_id: InitiativeId, reason: str, note: str, due_on: date
) -> InitiativeDetails:
    """Move the due date. Raises `NoSuchInitiative`, `UnknownReason`, `MoveNotAllowed` or `NewDateNotLater`."""
    rule, initiative = await RULES.in_force(tx.session, tx.now), await get_for_update(tx, initiative_id)
    today = rule.parameters.day(tx.now)
    delayed = lifecycle.delay(initiative, reason, note, due_on, today=today, at=tx.now)
    added = delayed.delays[-1]
    await delays.add(tx.session, delayed.id, added)
    tx.announce(
        events.InitiativeDelayed(
            task_id=delayed.task_id,
            initiative_id=delayed.id,
            reason=added.reason,
            note=added.note,
            was_due_on=added.was_due_on,
            due_on=added.due_on,
            acted_by=added.acted_by,
        )
    )
    return await _save(tx, delayed, Move.DELAY)


async def complete(tx: Transaction, initiative_id: InitiativeId, note: str) -> InitiativeDetails:
    """Record the report that the initiative is done. Raises `NoSuchInitiative` or `MoveNotAllowed`."""
    done = lifecycle.complete(await get_for_update(tx, initiative_id), note, tx.now)
    if done.report is not None:
        await reports.add(tx.session, done.id, done.report)
    tx.announce(events.InitiativeDone(task_id=done.task_id, initiative_id=done.id, note=note))
    return await _save(tx, done, Move.COMPLETE)


async def drop(tx: Transaction, initiative_id: InitiativeId, reason: str, note: str) -> InitiativeDetails:
    """Record that the initiative is dropped. Raises `NoSuchInitiative`, `UnknownReason` or `MoveNotAllowed`."""
    dropped = lifecycle.drop(await get_for_update(tx, initiative_id), reason, note, tx.now)
    report = dropped.report
    if report is not None:
        await reports.add(tx.session, dropped.id, report)
        tx.announce(
            events.InitiativeDropped(
                task_id=dropped.task_id,
                initiative_id=dropped.id,
                reason=reason,
                note=note,
                acted_by=report.acted_by,
            )
        )
    return await _save(tx, dropped, Move.DROP)


async def verify(tx: Transaction, initiative_id: InitiativeId, note: str) -> InitiativeDetails:
    """Record the verification of the report. Raises `NoSuchInitiative` or `MoveNotAllowed`."""
    verified = lifecycle.verify(await get_for_update(tx, initiative_id), note, tx.now)
    verification = verified.verification
    if verification is not None:
        await reports.add_verification(tx.session, verified.id, verification)
        tx.announce(
            events.InitiativeVerified(
                task_id=verified.task_id, initiative_id=verified.id, acted_by=verification.acted_by, note=note
            )
        )
    return await _save(tx, verified, Move.VERIFY)


async def announce_overdue(tx: Transaction) -> int:
    """Announce passed due dates, each once (E4); return how many. Processes can run it concurrently."""
    rule = await RULES.in_force(tx.session, tx.now)
    overdue = await initiatives.lock_overdue(tx.session, rule.parameters.day(tx.now), MAX_OVERDUE)
    for each in overdue:
        await initiatives.save(tx.session, replace(each, overdue_for=each.due_on))
        tx.announce(
            events.InitiativeOverdue(task_id=each.task_id, initiative_id=each.id, due_on=each.due_on, rule=rule.used)
        )
    return len(overdue)


async def get_for_update(tx: Transaction, initiative_id: InitiativeId) -> Initiative:
    """Lock and return an initiative. Raises `NoSuchInitiative`."""
    found = await initiatives.get_for_update(tx.session, [initiative_id])
    if initiative_id not in found:
        raise NoSuchInitiative
    return found[initiative_id]


async def get(tx: Transaction, initiative_id: InitiativeId) -> InitiativeDetails:
    """Return an initiative with all that is public about it. Raises `NoSuchInitiative`."""
    found = await initiatives.get(tx.session, initiative_id)
    if found is None:
        raise NoSuchInitiative
    return found


async def _save(tx: Transaction, changed: Initiative, move: Move) -> InitiativeDetails:
    await initiatives.save(tx.session, changed)
    tx.on_commit(metrics.MOVES.labels(move).inc)
    return await get(tx, changed.id)
