"""Evaluation rounds up to the panel: opened, applied for, drawn, or cancelled."""

import secrets
from dataclasses import replace
from typing import Final
from uuid import uuid4

from evaluation.domain import round as rules_of_round
from evaluation.domain.lot import Ticket
from evaluation.domain.opinion import Person
from evaluation.domain.refusals import NoSuchRound, UnknownInitiative
from evaluation.domain.round import Call, Round, Stratum
from evaluation.handlers import RULES
from evaluation.store import initiatives, panels, rounds
from evaluation.store.rounds import RoundDetails
from townhall.chassis.db import Transaction
from townhall.contracts import evaluation as wire
from townhall.contracts.values import RoundId

TOLD_AT_ONCE: Final = 100
"""Overdue rounds announced in one transaction."""


async def open_round(tx: Transaction, call: Call) -> RoundDetails:
    """Open a round. Its initiatives are locked, so that none changes its state meanwhile."""
    rule = await RULES.in_force(tx.session, tx.now)
    found = await initiatives.locked(tx.session, call.initiative_ids)
    if len(found) != len(call.initiative_ids):
        raise UnknownInitiative  # E8
    new = Round(
        id=RoundId(uuid4()),
        title=call.title,
        initiative_ids=call.initiative_ids,
        panel_size=call.panel_size or rule.parameters.panel_size,
        seed_commitment=call.seed_commitment,
        applications_close_at=call.applications_close_at,
        opened_at=tx.now,
        rule=rule.used,
    )
    opened = rules_of_round.open_round(new, [each.state for each in found.values()], rule.parameters)
    await rounds.add(tx.session, opened)
    tx.announce(
        wire.RoundOpened(
            round_id=opened.id,
            title=opened.title,
            initiative_ids=opened.initiative_ids,
            panel_size=opened.panel_size,
            seed_commitment=opened.seed_commitment,
            applications_close_at=opened.applications_close_at,
            rule=opened.rule,
        )
    )
    return await shown(tx, opened.id)


async def apply(tx: Transaction, round_id: RoundId, citizen: Person, stratum: Stratum) -> Ticket:
    """Take a citizen's application in, or change their stratum. The ticket is random, so it tells nobody's name."""
    applied_for = await locked(tx, round_id, shared=True)
    rule = await RULES.version(tx.session, applied_for.rule.version)
    ticket = Ticket(secrets.token_hex(16), stratum.region, stratum.age_band, stratum.sex)
    accepted = rules_of_round.apply(applied_for, ticket, rule.parameters, tx.now)
    return await panels.apply(tx.session, round_id, citizen, accepted)


async def draw(tx: Transaction, round_id: RoundId, seed: str) -> RoundDetails:
    """Draw the panel. The round is locked, so that nobody applies meanwhile."""
    applied_for = await locked(tx, round_id)
    rule = await RULES.version(tx.session, applied_for.rule.version)
    frame = [entry.ticket for entry in await panels.frame(tx.session, round_id)]
    drawn_round, drawn = rules_of_round.draw(applied_for, seed, frame, rule.parameters, tx.now)
    await rounds.save(tx.session, drawn_round)
    await panels.note_drawn(tx.session, round_id, drawn)
    tx.announce(
        wire.PanelDrawn(
            round_id=round_id,
            seed=seed,
            frame_sha256=drawn_round.frame_sha256 or "",
            applicants=len(frame),
            panel_size=len(drawn),
        )
    )
    return await shown(tx, round_id)


async def cancel(tx: Transaction, round_id: RoundId, reason: str, note: str) -> RoundDetails:
    """End a round without results, in public."""
    cancelled = rules_of_round.cancel(await locked(tx, round_id), reason, note, tx.now)
    await rounds.save(tx.session, cancelled)
    await rounds.release(tx.session, round_id)
    if cancelled.cancellation is not None:
        by = cancelled.cancellation.acted_by
        tx.announce(wire.RoundCancelled(round_id=round_id, reason=reason, note=note, acted_by=by))
    return await shown(tx, round_id)


async def tell_overdue(tx: Transaction) -> int:
    """Announce each draw and each publication that is late, once. Several processes may do this at the same time."""
    late = await rounds.overdue(tx.session, tx.now, TOLD_AT_ONCE)
    for each in late:
        if each.due_at is not None:
            await rounds.save(tx.session, replace(each, overdue_for=each.due_at))
            awaited = rules_of_round.AWAITED[each.state]
            tx.announce(wire.RoundOverdue(round_id=each.id, awaited=awaited, due_at=each.due_at, rule=each.rule))
    return len(late)


async def locked(tx: Transaction, round_id: RoundId, *, shared: bool = False) -> Round:
    """Lock and load a round, or refuse."""
    found = await rounds.locked(tx.session, round_id, shared=shared)
    if found is None:
        raise NoSuchRound
    return found


async def shown(tx: Transaction, round_id: RoundId) -> RoundDetails:
    """Load a round as it is public."""
    details = await rounds.details(tx.session, round_id)
    if details is None:
        raise NoSuchRound
    return details
