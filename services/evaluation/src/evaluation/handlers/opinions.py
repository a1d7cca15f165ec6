"""Opinions on results: kept with their words, published without their authors."""

from uuid import uuid4

from evaluation.domain.initiative import NoSuchInitiative
from evaluation.domain.opinion import Opinion, Person, Stance
from evaluation.store import initiatives, opinions
from townhall.chassis.db import Transaction
from townhall.contracts.values import InitiativeId


async def give_opinion(
    tx: Transaction, initiative_id: InitiativeId, citizen: Person, stance: Stance, text: str
) -> Opinion:
    """Keep the citizen's opinion in the place of an earlier one. Nothing of it is announced."""
    if not await initiatives.known(tx.session, {initiative_id}):
        raise NoSuchInitiative
    return await opinions.give(tx.session, initiative_id, citizen, Opinion(uuid4(), stance, text, tx.now))
