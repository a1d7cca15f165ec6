"""What the service hears: directives of the strategy meeting."""

from collections.abc import Sequence

from evaluation.domain.delivery import Directive
from evaluation.handlers import initiatives
from townhall.chassis.db import Transaction
from townhall.chassis.delivery import Subscription
from townhall.contracts import Heard, committee


def subscriptions() -> list[Subscription]:
    """Hear the Committee's topic."""
    return [Subscription(committee.TOPIC, {committee.DirectiveIssued: on_directives_issued})]


async def on_directives_issued(tx: Transaction, heards: Sequence[Heard[committee.DirectiveIssued]]) -> None:
    """Open the initiatives of adopted tasks, dated by the directives, so that a replay makes the same ones."""
    await initiatives.open_initiatives(tx, [(_directive(heard.event), heard.at) for heard in heards])


def _directive(said: committee.DirectiveIssued) -> Directive:
    return Directive(said.directive_id, said.task_id, said.title, said.responsible_body, said.due_on, said.outcome)
