"""What the Committee consumes: votes that passed their threshold, and tasks referred without one."""

from collections.abc import Sequence

from committee.domain.case import Cause
from committee.domain.record import Brought, CauseFact
from committee.handlers import cases
from townhall.chassis.consuming import Subscription
from townhall.chassis.db import Transaction
from townhall.contracts import ReceivedEvent, proposal, voting


def subscriptions() -> list[Subscription]:
    """Hear voting and proposal."""
    return [
        Subscription(voting.TOPIC, {voting.ThresholdReached: on_thresholds_reached}),
        Subscription(proposal.TOPIC, {proposal.TaskReferred: on_tasks_referred}),
    ]


async def on_thresholds_reached(
    tx: Transaction, received_events: Sequence[ReceivedEvent[voting.ThresholdReached]]
) -> None:
    """Open the cases: more than enough citizens voted yes."""
    await cases.open_cases(tx, [_passed(received.event) for received in received_events])


def _passed(said: voting.ThresholdReached) -> Brought:
    fact = CauseFact(Cause.THRESHOLD, said.reached_at, said.rule.version, said.rule.article)
    return Brought(said.task_id, said.title, fact)


async def on_tasks_referred(tx: Transaction, received_events: Sequence[ReceivedEvent[proposal.TaskReferred]]) -> None:
    """Open the cases: the Support Unit referred the tasks."""
    await cases.open_cases(tx, [_referred(received) for received in received_events])


def _referred(received: ReceivedEvent[proposal.TaskReferred]) -> Brought:
    said = received.event
    return Brought(said.task_id, said.title, CauseFact(Cause.REFERRAL, received.at, reason=said.reason, note=said.note))
