"""Consuming the events of other services: each has its effect exactly once, in the order of its key."""

from townhall.chassis.consuming.consumer import Consumer
from townhall.chassis.consuming.message import Message, Subscription
from townhall.chassis.consuming.processor import Processor
from townhall.chassis.consuming.requeue import Requeue

__all__ = ["Consumer", "Message", "Processor", "Requeue", "Subscription"]
