"""What voting consumes: tasks selected for the vote."""

from collections.abc import Sequence
from functools import partial

from townhall.chassis.consuming import Subscription
from townhall.chassis.db import Transaction
from townhall.contracts import ReceivedEvent, proposal
from voting import handlers
from voting.domain.nullifier import Keyring


def subscriptions(keyring: Keyring) -> list[Subscription]:
    """Hear the proposal service."""
    return [Subscription(proposal.TOPIC, {proposal.TaskSelected: partial(on_tasks_selected, keyring=keyring)})]


async def on_tasks_selected(
    tx: Transaction, received_events: Sequence[ReceivedEvent[proposal.TaskSelected]], *, keyring: Keyring
) -> None:
    """Put the tasks to the vote."""
    await handlers.schedule_votes(tx, [received.event for received in received_events], keyring)
