"""Whether a service consumes its topics, as metrics and for the body of `/readyz`."""

from collections.abc import Sequence
from enum import StrEnum

from townhall.chassis.telemetry import metrics


class StopReason(StrEnum):
    """Why a service does not consume: the values of the label `reason` of `townhall_consumer_stopped`."""

    NOT_JOINED = "not-joined"
    """The consumer group is not joined: the broker can't be reached, or the service starts."""
    DEAD_LETTERS = "dead-letters"
    """Too many dead letters wait for an operator."""


class ConsumingStatus:
    """Keeps the reasons for which consuming is stopped; it goes on when there is none."""

    def __init__(self, topics: Sequence[str]) -> None:
        self._topics = topics
        self._stopped_by = {StopReason.NOT_JOINED}
        for reason in StopReason:
            self._publish(reason)

    @property
    def consuming(self) -> bool:
        """Whether nothing stops the service from consuming."""
        return not self._stopped_by

    def stopped_by(self, reason: StopReason) -> bool:
        """Return whether this is one of the reasons."""
        return reason in self._stopped_by

    def stop(self, reason: StopReason) -> None:
        """Add a reason."""
        if reason not in self._stopped_by:
            self._stopped_by.add(reason)
            self._publish(reason)

    def resume(self, reason: StopReason) -> None:
        """Remove a reason."""
        if reason in self._stopped_by:
            self._stopped_by.remove(reason)
            self._publish(reason)

    def _publish(self, reason: StopReason) -> None:
        metrics.CONSUMER_STOPPED.labels(reason).set(reason in self._stopped_by)
        for topic in self._topics:
            metrics.CONSUMING.labels(topic).set(self.consuming)
