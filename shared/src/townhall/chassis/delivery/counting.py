"""What delivery tells operators. Types that aren't in the catalogue are counted as `unknown`: labels are a closed set."""

import time

from townhall.chassis import metrics
from townhall.chassis.delivery.message import Message
from townhall.contracts import CATALOGUE
from townhall.contracts.event import Event, Heard


def outcome(message: Message, result: str) -> None:
    """Count one message by what became of it."""
    metrics.CONSUMED.labels(message.topic, _type(message), result).inc()


def applied(message: Message, heard: Heard[Event], seconds: float) -> None:
    """Count one effect: how long it took to make, and how long after its cause it came."""
    outcome(message, "applied")
    metrics.HANDLING_SECONDS.labels(message.topic, _type(message)).observe(seconds)
    since = max(time.time() - heard.at.timestamp(), 0.0)
    metrics.EFFECT_SECONDS.labels(message.topic, _type(message)).observe(since)


def retried(message: Message, *, passing: bool) -> None:
    """Count one failed attempt that will be made again."""
    metrics.RETRIES.labels(message.topic, "database" if passing else "handler").inc()


def set_aside(message: Message, reason: str) -> None:
    """Count one message given to the operators."""
    metrics.ASIDE.labels(message.topic, reason).inc()
    outcome(message, "set-aside")


def _type(message: Message) -> str:
    return message.type if message.type in CATALOGUE else "unknown"
