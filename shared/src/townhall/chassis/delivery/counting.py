"""What delivery tells operators. A type that isn't in the catalogue counts as `unknown`: labels are a closed set."""

from datetime import UTC, datetime

from townhall.chassis import metrics
from townhall.chassis.delivery.message import Message
from townhall.chassis.delivery.reading import Ready
from townhall.contracts import CATALOGUE


def outcome(message: Message, result: str) -> None:
    """Count one message by what became of it."""
    metrics.CONSUMED.labels(message.topic, _type(message), result).inc()


def done(event: Ready, result: str, seconds: float) -> None:
    """Count one event; for an effect also how long it took to make, and how long after its cause it came."""
    outcome(event.message, result)
    if result == "applied":
        names = (event.message.topic, _type(event.message))
        metrics.HANDLING_SECONDS.labels(*names).observe(seconds)
        since = (datetime.now(UTC) - event.heard.at).total_seconds()  # noqa: TID251  a measurement, not a rule
        metrics.EFFECT_SECONDS.labels(*names).observe(max(since, 0.0))


def retried(message: Message, *, passing: bool) -> None:
    """Count one failed attempt that will be made again."""
    metrics.RETRIES.labels(message.topic, "database" if passing else "handler").inc()


def set_aside(message: Message, reason: str) -> None:
    """Count one message given to the operators."""
    metrics.ASIDE.labels(message.topic, reason).inc()
    outcome(message, "set-aside")


def _type(message: Message) -> str:
    return message.type if message.type in CATALOGUE else "unknown"
