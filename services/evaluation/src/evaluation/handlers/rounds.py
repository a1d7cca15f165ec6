"""Evaluation rounds: opened, cancelled, and announced when overdue."""

from dataclasses import replace
from typing import Final
from uuid import uuid4

from evaluation import metrics
from evaluation.domain import round as domain
from evaluation.domain.round import NewRound, NoSuchRound, Round, UnknownInitiative
from evaluation.store import initiatives, rounds
from evaluation.store.rounds import RoundDetails
from evaluation.store.rules import RULES
from townhall.chassis.db import Transaction
from townhall.contracts import evaluation as events
from townhall.contracts.values import RoundId

MAX_OVERDUE: Final = 100
"""The most overdue rounds announced in one transaction."""


async def open_round(tx: Transaction, new: NewRound) -> RoundDetails:
    """Open a round. Its initiatives are locked, so that none changes its state meanwhile.

    Raises `UnknownInitiative`, `InitiativeInAnotherRound`, `NotReadyForEvaluation`, `ClosingNotAhead` or
    `PanelTooSmall` (E8).
    """
    rule = await RULES.in_force(tx.session, tx.now)
    found = await initiatives.get_for_update(tx.session, new.initiative_ids)
    if len(found) != len(new.initiative_ids):
        raise UnknownInitiative
    planned = Round(
        id=RoundId(uuid4()),
        title=new.title,
        initiative_ids=new.initiative_ids,
        panel_size=new.panel_size or rule.parameters.panel_size,
        seed_commitment=new.seed_commitment,
        applications_close_at=new.applications_close_at,
        opened_at=tx.now,
        rule=rule.used,
    )
    opened = domain.open_round(planned, [each.state for each in found.values()], rule.parameters)
    await rounds.add(tx.session, opened)
    tx.announce(_opened(opened))
    tx.on_commit(metrics.ROUND_MOVES.labels("opened").inc)
    return await get(tx, opened.id)


def _opened(opened: Round) -> events.RoundOpened:
    return events.RoundOpened(
        round_id=opened.id,
        title=opened.title,
        initiative_ids=opened.initiative_ids,
        panel_size=opened.panel_size,
        seed_commitment=opened.seed_commitment,
        applications_close_at=opened.applications_close_at,
        rule=opened.rule,
    )


async def cancel(tx: Transaction, round_id: RoundId, reason: str, note: str) -> RoundDetails:
    """Cancel a round and release its initiatives (E13).

    Raises `NoSuchRound`, `UnknownReason` or `RoundMoveNotAllowed`.
    """
    cancelled = domain.cancel(await get_for_update(tx, round_id), reason, note, tx.now)
    await rounds.save(tx.session, cancelled)
    await rounds.release_initiatives(tx.session, round_id)
    if cancelled.cancellation is not None:
        acted_by = cancelled.cancellation.acted_by
        tx.announce(events.RoundCancelled(round_id=round_id, reason=reason, note=note, acted_by=acted_by))
    tx.on_commit(metrics.ROUND_MOVES.labels("cancelled").inc)
    return await get(tx, round_id)


async def announce_overdue(tx: Transaction) -> int:
    """Announce late draws and publications, each once (E14); return how many. Processes can run it concurrently."""
    overdue = await rounds.lock_overdue(tx.session, tx.now, MAX_OVERDUE)
    for each in overdue:
        if each.due_at is not None:
            await rounds.save(tx.session, replace(each, overdue_for=each.due_at))
            awaited = domain.AWAITED[each.state]
            tx.announce(events.RoundOverdue(round_id=each.id, awaited=awaited, due_at=each.due_at, rule=each.rule))
    return len(overdue)


async def get_for_update(tx: Transaction, round_id: RoundId) -> Round:
    """Lock and return a round. Raises `NoSuchRound`."""
    found = await rounds.get_for_update(tx.session, round_id)
    if found is None:
        raise NoSuchRound
    return found


async def get_for_share(tx: Transaction, round_id: RoundId) -> Round:
    """Lock and return a round, so that no transaction changes it meanwhile. Raises `NoSuchRound`."""
    found = await rounds.get_for_share(tx.session, round_id)
    if found is None:
        raise NoSuchRound
    return found


async def get(tx: Transaction, round_id: RoundId) -> RoundDetails:
    """Return a round with all that is public about it. Raises `NoSuchRound`."""
    found = await rounds.get(tx.session, round_id)
    if found is None:
        raise NoSuchRound
    return found
