"""Events consumed: every event about a task, from all four services, this one included."""

from collections.abc import Sequence

from proposal.domain.timeline import Fact
from proposal.handlers import timeline
from townhall.chassis.consuming import Subscription
from townhall.chassis.db import Transaction
from townhall.contracts import CATALOGUE, TOPICS, Event, ReceivedEvent
from townhall.contracts.values import TaskId

KEY = "task_id"
"""The key field of every event about a task."""


def subscriptions() -> list[Subscription]:
    """Return one subscription per topic. Own events are consumed too, so that the timeline has a single source."""
    kinds = [kind for kind in CATALOGUE.values() if kind.KEY == KEY]
    return [Subscription(topic, {kind: on_task_events for kind in kinds if topic == kind.TOPIC}) for topic in TOPICS]


async def on_task_events(tx: Transaction, received_events: Sequence[ReceivedEvent[Event]]) -> None:
    """Add the events to the timelines of their tasks (P14)."""
    await timeline.record_facts(tx, [fact_of(received) for received in received_events])


def fact_of(received: ReceivedEvent[Event]) -> Fact:
    """Return the event as a timeline entry: all its fields except the task's id."""
    event = received.event
    fields = event.model_dump(mode="json", exclude={KEY})
    return Fact(
        received.id, TaskId(getattr(event, KEY)), received.source, received.version, received.at, event.TYPE, fields
    )
