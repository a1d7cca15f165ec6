"""The gauges that are read from the database. Each replica reads them; a query takes the maximum."""

from functools import partial

from townhall.chassis.db import Transaction
from voting import metrics
from voting.domain.vote import State
from voting.store import counts


async def update_gauges(tx: Transaction) -> int:
    """Set the gauges of votes. Run by a timer; always returns 0."""
    votes = await counts.votes(tx.session)
    for state in State:
        tx.on_commit(partial(metrics.VOTES.labels(state).set, votes.get(state, 0)))
    tx.on_commit(partial(metrics.VOTES_OVERDUE.set, await counts.votes_overdue(tx.session, tx.now)))
    tx.on_commit(partial(metrics.PAST_THRESHOLD.set, await counts.votes_past_threshold(tx.session)))
    return 0
