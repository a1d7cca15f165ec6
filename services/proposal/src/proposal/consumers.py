"""What the service hears: every event about a task, from all four services, its own included."""

from collections.abc import Sequence

from proposal import handlers
from proposal.domain.timeline import Fact
from townhall.chassis.db import Transaction
from townhall.chassis.delivery import Subscription
from townhall.contracts import CATALOGUE, TOPICS, Event, Heard
from townhall.contracts.values import TaskId

KEY = "task_id"
"""What the key of an event about a task is called."""


def subscriptions() -> list[Subscription]:
    """Hear all topics. Own facts come the same way as everybody's, so the timeline has one source."""
    kinds = [kind for kind in CATALOGUE.values() if kind.KEY == KEY]
    return [Subscription(topic, {kind: on_task_events for kind in kinds if topic == kind.TOPIC}) for topic in TOPICS]


async def on_task_events(tx: Transaction, heards: Sequence[Heard[Event]]) -> None:
    """Put the events on the timelines of their tasks."""
    await handlers.note_facts(tx, [fact_of(heard) for heard in heards])


def fact_of(heard: Heard[Event]) -> Fact:
    """The event as citizens read it: all it says, but for the id of the task they are looking at."""
    event = heard.event
    said = event.model_dump(mode="json", exclude={KEY})
    return Fact(heard.id, TaskId(getattr(event, KEY)), heard.source, heard.version, heard.at, event.TYPE, said)
