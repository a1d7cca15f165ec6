"""The panel of a round: applications and the draw."""

import secrets

from evaluation import metrics
from evaluation.domain import panel as domain
from evaluation.domain.opinion import Person
from evaluation.domain.panel import Stratum
from evaluation.domain.panel_draw import Ticket
from evaluation.handlers.rounds import get, get_for_share, get_for_update
from evaluation.store import panels, rounds
from evaluation.store.rounds import RoundDetails
from evaluation.store.rules import RULES
from townhall.chassis.db import Transaction
from townhall.contracts import evaluation as events
from townhall.contracts.values import RoundId


async def apply(tx: Transaction, round_id: RoundId, citizen: Person, stratum: Stratum) -> Ticket:
    """Store a citizen's application with a random ticket, or change the stratum of their earlier one (E9).

    Raises `NoSuchRound`, `ApplicationsClosed` or `UnknownStratum`.
    """
    current = await get_for_share(tx, round_id)
    rule = await RULES.version(tx.session, current.rule.version)
    ticket = Ticket(secrets.token_hex(16), stratum.region, stratum.age_band, stratum.sex)
    accepted = domain.apply(current, ticket, rule.parameters, tx.now)
    tx.on_commit(metrics.APPLICATIONS.inc)
    return await panels.upsert(tx.session, round_id, citizen, accepted)


async def draw(tx: Transaction, round_id: RoundId, seed: str) -> RoundDetails:
    """Draw the panel (E10). The lock on the round waits for applications under way, so the frame has all of them.

    Raises `NoSuchRound`, `RoundMoveNotAllowed`, `ApplicationsStillOpen`, `SeedMismatch` or `TooFewApplicants`.
    """
    current = await get_for_update(tx, round_id)
    rule = await RULES.version(tx.session, current.rule.version)
    frame = [entry.ticket for entry in await panels.frame(tx.session, round_id)]
    with_panel, drawn = domain.draw(current, seed, frame, rule.parameters, tx.now)
    await rounds.save(tx.session, with_panel)
    await panels.mark_drawn(tx.session, round_id, drawn)
    tx.announce(
        events.PanelDrawn(
            round_id=round_id,
            seed=seed,
            frame_sha256=with_panel.frame_sha256 or "",
            applicants=len(frame),
            panel_size=len(drawn),
        )
    )
    tx.on_commit(metrics.ROUND_MOVES.labels("drawn").inc)
    return await get(tx, round_id)
