"""Opinions of citizens on results."""

from uuid import uuid4

from evaluation import metrics
from evaluation.domain.initiative import NoSuchInitiative
from evaluation.domain.opinion import Opinion, Person, Stance
from evaluation.store import initiatives, opinions
from townhall.chassis.db import Transaction
from townhall.contracts.values import InitiativeId


async def give_opinion(
    tx: Transaction, initiative_id: InitiativeId, citizen: Person, stance: Stance, text: str
) -> Opinion:
    """Store the citizen's opinion, replacing an earlier one (E6). No event is announced. Raises `NoSuchInitiative`."""
    if not await initiatives.existing(tx.session, {initiative_id}):
        raise NoSuchInitiative
    tx.on_commit(metrics.OPINIONS.inc)
    return await opinions.upsert(tx.session, initiative_id, citizen, Opinion(uuid4(), stance, text, tx.now))
