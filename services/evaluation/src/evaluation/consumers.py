"""Events consumed: directives of the strategy meeting."""

from collections.abc import Sequence

from evaluation.domain.lifecycle import Directive
from evaluation.handlers import initiatives
from townhall.chassis.consuming import Subscription
from townhall.chassis.db import Transaction
from townhall.contracts import ReceivedEvent, committee


def subscriptions() -> list[Subscription]:
    """Return the topics and event types this service consumes, with their handlers."""
    return [Subscription(committee.TOPIC, {committee.DirectiveIssued: on_directives_issued})]


async def on_directives_issued(
    tx: Transaction, received_events: Sequence[ReceivedEvent[committee.DirectiveIssued]]
) -> None:
    """Open the initiatives of adopted tasks.

    An initiative's opening time is the time of its directive's event, so a replay opens the same initiatives.
    """
    await initiatives.open_initiatives(tx, [(_directive(received.event), received.at) for received in received_events])


def _directive(event: committee.DirectiveIssued) -> Directive:
    return Directive(
        event.directive_id, event.task_id, event.title, event.responsible_body, event.due_on, event.outcome
    )
