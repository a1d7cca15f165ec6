"""What the service consumes: directives of the strategy meeting."""

from collections.abc import Sequence

from evaluation.domain.delivery import Directive
from evaluation.handlers import initiatives
from townhall.chassis.consuming import Subscription
from townhall.chassis.db import Transaction
from townhall.contracts import ReceivedEvent, committee


def subscriptions() -> list[Subscription]:
    """Hear the Committee's topic."""
    return [Subscription(committee.TOPIC, {committee.DirectiveIssued: on_directives_issued})]


async def on_directives_issued(
    tx: Transaction, received_events: Sequence[ReceivedEvent[committee.DirectiveIssued]]
) -> None:
    """Open the initiatives of adopted tasks, dated by the directives, so that a replay makes the same ones."""
    await initiatives.open_initiatives(tx, [(_directive(received.event), received.at) for received in received_events])


def _directive(said: committee.DirectiveIssued) -> Directive:
    return Directive(said.directive_id, said.task_id, said.title, said.responsible_body, said.due_on, said.outcome)
