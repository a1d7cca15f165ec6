"""What delivery tells operators. A type that isn't in the catalogue counts as `unknown`: labels are a closed set."""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime

from townhall.chassis import metrics
from townhall.chassis.consuming.decoding import Ready
from townhall.chassis.consuming.message import Message
from townhall.contracts import CATALOGUE


def outcome(message: Message, result: str) -> None:
    """Count one message by what became of it."""
    metrics.CONSUMED.labels(message.topic, _type(message), result).inc()


def done(events: Sequence[Ready], new: Sequence[Ready], seconds: float) -> None:
    """Count the events of one transaction: `new` had their effect in it, all others had it before.

    For an effect also tell how long it took to make, all taken alike, and how long after its cause it came.
    """
    repeats = Counter(_names(event) for event in events)
    repeats.subtract(_names(event) for event in new)
    for names, number in repeats.items():
        metrics.CONSUMED.labels(*names, "duplicate").inc(number)
    now = datetime.now(UTC)  # noqa: TID251  a measurement, not a rule
    ages: dict[tuple[str, str], list[float]] = {}
    for event in new:
        ages.setdefault(_names(event), []).append(max((now - event.received.at).total_seconds(), 0.0))
    for names, since in ages.items():
        metrics.CONSUMED.labels(*names, "applied").inc(len(since))
        handling, effect = metrics.HANDLING_SECONDS.labels(*names), metrics.EFFECT_SECONDS.labels(*names)
        for age in since:
            handling.observe(seconds / len(events))
            effect.observe(age)


def retried(message: Message, *, passing: bool) -> None:
    """Count one failed attempt that will be made again."""
    metrics.RETRIES.labels(message.topic, "database" if passing else "handler").inc()


def dead_letter(message: Message, reason: str) -> None:
    """Count one message given to the operators."""
    metrics.ASIDE.labels(message.topic, reason).inc()
    outcome(message, "dead-letter")


def _names(event: Ready) -> tuple[str, str]:
    return event.message.topic, _type(event.message)


def _type(message: Message) -> str:
    return message.type if message.type in CATALOGUE else "unknown"
