"""What the Committee hears: votes that passed their threshold, and tasks referred without one."""

from collections.abc import Sequence

from committee.domain.case import Cause
from committee.domain.record import Brought, CauseFact
from committee.handlers import cases
from townhall.chassis.db import Transaction
from townhall.chassis.delivery import Subscription
from townhall.contracts import Heard, proposal, voting


def subscriptions() -> list[Subscription]:
    """Hear voting and proposal."""
    return [
        Subscription(voting.TOPIC, {voting.ThresholdReached: on_thresholds_reached}),
        Subscription(proposal.TOPIC, {proposal.TaskReferred: on_tasks_referred}),
    ]


async def on_thresholds_reached(tx: Transaction, heards: Sequence[Heard[voting.ThresholdReached]]) -> None:
    """Open the cases: more than enough citizens voted yes."""
    await cases.open_cases(tx, [_passed(heard.event) for heard in heards])


def _passed(said: voting.ThresholdReached) -> Brought:
    fact = CauseFact(Cause.THRESHOLD, said.reached_at, said.rule.version, said.rule.article)
    return Brought(said.task_id, said.title, fact)


async def on_tasks_referred(tx: Transaction, heards: Sequence[Heard[proposal.TaskReferred]]) -> None:
    """Open the cases: the Support Unit referred the tasks."""
    await cases.open_cases(tx, [_referred(heard) for heard in heards])


def _referred(heard: Heard[proposal.TaskReferred]) -> Brought:
    said = heard.event
    return Brought(said.task_id, said.title, CauseFact(Cause.REFERRAL, heard.at, reason=said.reason, note=said.note))
