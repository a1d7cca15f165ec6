"""What the service consumes: every event about a task, from all four services, its own included."""

from collections.abc import Sequence

from proposal import handlers
from proposal.domain.timeline import Fact
from townhall.chassis.consuming import Subscription
from townhall.chassis.db import Transaction
from townhall.contracts import CATALOGUE, TOPICS, Event, ReceivedEvent
from townhall.contracts.values import TaskId

KEY = "task_id"
"""What the key of an event about a task is called."""


def subscriptions() -> list[Subscription]:
    """Hear all topics. Own facts come the same way as everybody's, so the timeline has one source."""
    kinds = [kind for kind in CATALOGUE.values() if kind.KEY == KEY]
    return [Subscription(topic, {kind: on_task_events for kind in kinds if topic == kind.TOPIC}) for topic in TOPICS]


async def on_task_events(tx: Transaction, received_events: Sequence[ReceivedEvent[Event]]) -> None:
    """Put the events on the timelines of their tasks."""
    await handlers.note_facts(tx, [fact_of(received) for received in received_events])


def fact_of(received: ReceivedEvent[Event]) -> Fact:
    """The event as citizens read it: all it says, but for the id of the task they are looking at."""
    event = received.event
    said = event.model_dump(mode="json", exclude={KEY})
    return Fact(
        received.id, TaskId(getattr(event, KEY)), received.source, received.version, received.at, event.TYPE, said
    )
