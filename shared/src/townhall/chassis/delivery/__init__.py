"""Hearing other services: each event's effect exactly once, in the order of its key, whatever the bus does."""

from townhall.chassis.delivery.hearing import Hearing
from townhall.chassis.delivery.message import Message, Subscription
from townhall.chassis.delivery.requeue import Requeue

__all__ = ["Hearing", "Message", "Requeue", "Subscription"]
