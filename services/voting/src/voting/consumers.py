"""What voting hears: tasks selected for the vote."""

from functools import partial

from townhall.chassis.db import Transaction
from townhall.chassis.delivery import Subscription
from townhall.contracts import Heard, proposal
from voting import handlers
from voting.domain.nullifier import Keyring


def subscriptions(keyring: Keyring) -> list[Subscription]:
    """Hear the proposal service."""
    return [Subscription(proposal.TOPIC, {proposal.TaskSelected: partial(on_task_selected, keyring=keyring)})]


async def on_task_selected(tx: Transaction, heard: Heard[proposal.TaskSelected], *, keyring: Keyring) -> None:
    """Put the task to the vote."""
    await handlers.schedule_vote(tx, heard.event, keyring)
