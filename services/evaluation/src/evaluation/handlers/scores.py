"""Scores of panel members and of all other citizens."""

from evaluation import metrics
from evaluation.domain import score
from evaluation.domain.opinion import Person
from evaluation.domain.score import Score
from evaluation.handlers.rounds import get_for_share
from evaluation.store import panels, scores
from townhall.chassis.db import Transaction


async def give_score(tx: Transaction, citizen: Person, given: Score) -> None:
    """Store a citizen's score, replacing an earlier one (E11). The lock keeps the round from being published meanwhile.

    Raises `NoSuchRound`, `NotInThisRound`, `NotScoring`, `NotOnThePanel` or `OnThePanel`.
    """
    scored = await get_for_share(tx, given.round_id)
    application = await panels.entry(tx.session, given.round_id, citizen)
    on_panel = application is not None and application.drawn
    score.accept(scored, given.initiative_id, given.track, on_panel=on_panel)
    await scores.upsert(tx.session, citizen, given)
    tx.on_commit(metrics.SCORES.labels(given.track).inc)
