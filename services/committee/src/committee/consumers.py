"""Events consumed: votes that passed their threshold, and tasks referred without it."""

from collections.abc import Sequence

from committee.domain.case import Cause
from committee.domain.case_record import CauseRecord, IncomingTask
from committee.handlers.cases import open_cases
from townhall.chassis.consuming import Subscription
from townhall.chassis.db import Transaction
from townhall.contracts import ReceivedEvent, proposal, voting


def subscriptions() -> list[Subscription]:
    """Return the topics and event types this service consumes, with their handlers."""
    return [
        Subscription(voting.TOPIC, {voting.ThresholdReached: on_thresholds_reached}),
        Subscription(proposal.TOPIC, {proposal.TaskReferred: on_tasks_referred}),
    ]


async def on_thresholds_reached(
    tx: Transaction, received_events: Sequence[ReceivedEvent[voting.ThresholdReached]]
) -> None:
    """Open a case for each task whose vote passed the threshold (C1)."""
    await open_cases(tx, [_passed_threshold(received.event) for received in received_events])


def _passed_threshold(event: voting.ThresholdReached) -> IncomingTask:
    cause = CauseRecord(Cause.THRESHOLD, event.reached_at, event.rule.version, event.rule.article)
    return IncomingTask(event.task_id, event.title, cause)


async def on_tasks_referred(tx: Transaction, received_events: Sequence[ReceivedEvent[proposal.TaskReferred]]) -> None:
    """Open a case for each referred task (C1)."""
    await open_cases(tx, [_referred(received) for received in received_events])


def _referred(received: ReceivedEvent[proposal.TaskReferred]) -> IncomingTask:
    event = received.event
    cause = CauseRecord(Cause.REFERRAL, received.at, reason=event.reason, note=event.note)
    return IncomingTask(event.task_id, event.title, cause)
