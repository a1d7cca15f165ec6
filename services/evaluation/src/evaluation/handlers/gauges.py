"""The gauges that are read from the database. Each replica reads them; a query takes the maximum."""

from functools import partial

from evaluation import metrics
from evaluation.domain.initiative import State
from evaluation.domain.round import RoundState
from evaluation.store import counts
from townhall.chassis.db import Transaction


async def update_gauges(tx: Transaction) -> int:
    """Set the gauges of initiatives, rounds and what is overdue. Run by a timer; always returns 0."""
    initiatives, rounds = await counts.initiatives(tx.session), await counts.rounds(tx.session)
    for state in State:
        tx.on_commit(partial(metrics.INITIATIVES.labels(state).set, initiatives.get(state, 0)))
    for round_state in RoundState:
        tx.on_commit(partial(metrics.ROUNDS.labels(round_state).set, rounds.get(round_state, 0)))
    for kind, number in (await counts.overdue(tx.session, tx.now)).items():
        tx.on_commit(partial(metrics.OVERDUE.labels(kind).set, number))
    return 0
