"""What voting hears: tasks selected for the vote."""

from collections.abc import Sequence
from functools import partial

from townhall.chassis.db import Transaction
from townhall.chassis.delivery import Subscription
from townhall.contracts import Heard, proposal
from voting import handlers
from voting.domain.nullifier import Keyring


def subscriptions(keyring: Keyring) -> list[Subscription]:
    """Hear the proposal service."""
    return [Subscription(proposal.TOPIC, {proposal.TaskSelected: partial(on_tasks_selected, keyring=keyring)})]


async def on_tasks_selected(
    tx: Transaction, heards: Sequence[Heard[proposal.TaskSelected]], *, keyring: Keyring
) -> None:
    """Put the tasks to the vote."""
    await handlers.schedule_votes(tx, [heard.event for heard in heards], keyring)
