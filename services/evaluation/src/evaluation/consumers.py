"""What the service hears: directives of the strategy meeting."""

from evaluation.domain.delivery import Directive
from evaluation.handlers import initiatives
from townhall.chassis.db import Transaction
from townhall.chassis.delivery import Subscription
from townhall.contracts import Heard, committee


def subscriptions() -> list[Subscription]:
    """Hear the Committee's topic."""
    return [Subscription(committee.TOPIC, {committee.DirectiveIssued: on_directive_issued})]


async def on_directive_issued(tx: Transaction, heard: Heard[committee.DirectiveIssued]) -> None:
    """Open the initiative of an adopted task, dated by the directive, so that a replay makes the same one."""
    said = heard.event
    directive = Directive(said.directive_id, said.task_id, said.title, said.responsible_body, said.due_on, said.outcome)
    await initiatives.open_initiative(tx, directive, heard.at)
