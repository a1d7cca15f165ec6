"""What the Committee hears: votes that passed their threshold, and tasks referred without one."""

from committee.domain.case import Cause
from committee.domain.record import CauseFact
from committee.handlers import cases
from townhall.chassis.db import Transaction
from townhall.chassis.delivery import Subscription
from townhall.contracts import Heard, proposal, voting


def subscriptions() -> list[Subscription]:
    """Hear voting and proposal."""
    return [
        Subscription(voting.TOPIC, {voting.ThresholdReached: on_threshold_reached}),
        Subscription(proposal.TOPIC, {proposal.TaskReferred: on_task_referred}),
    ]


async def on_threshold_reached(tx: Transaction, heard: Heard[voting.ThresholdReached]) -> None:
    """Open the case: more than enough citizens voted yes."""
    passed = heard.event
    fact = CauseFact(Cause.THRESHOLD, passed.reached_at, passed.rule.version, passed.rule.article)
    await cases.open_case(tx, passed.task_id, passed.title, fact)


async def on_task_referred(tx: Transaction, heard: Heard[proposal.TaskReferred]) -> None:
    """Open the case: the Support Unit referred the task."""
    referred = heard.event
    fact = CauseFact(Cause.REFERRAL, heard.at, reason=referred.reason, note=referred.note)
    await cases.open_case(tx, referred.task_id, referred.title, fact)
