"""Events consumed: tasks that the proposal service selected for a vote."""

from collections.abc import Sequence
from functools import partial

from townhall.chassis.consuming import Subscription
from townhall.chassis.db import Transaction
from townhall.contracts import ReceivedEvent, proposal
from voting.domain.voter_keys import Keyring
from voting.handlers import votes


def subscriptions(keyring: Keyring) -> list[Subscription]:
    """Return the topics and event types this service consumes, with their handlers."""
    return [Subscription(proposal.TOPIC, {proposal.TaskSelected: partial(on_tasks_selected, keyring=keyring)})]


async def on_tasks_selected(
    tx: Transaction, received_events: Sequence[ReceivedEvent[proposal.TaskSelected]], *, keyring: Keyring
) -> None:
    """Schedule a vote on each selected task."""
    await votes.schedule_votes(tx, [received.event for received in received_events], keyring)
