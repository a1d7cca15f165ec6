"""Consumer other services: each event's effect exactly once, in the order of its key, whatever the bus does."""

from townhall.chassis.consuming.consumer import Consumer
from townhall.chassis.consuming.message import Message, Subscription
from townhall.chassis.consuming.requeue import Requeue

__all__ = ["Consumer", "Message", "Requeue", "Subscription"]
