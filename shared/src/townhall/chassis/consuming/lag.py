"""How far a consumer is behind, as metrics of the partitions it is assigned."""

import time
from collections.abc import Iterable
from typing import Any

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition

from townhall.chassis.telemetry import metrics


class Lag:
    """Keeps the lag metrics of one consumer. A partition that is given away loses its labels."""

    def __init__(self) -> None:
        self._reached: dict[TopicPartition, float] = {}
        """Up to which time everything is handled, in Unix seconds: when the newest handled record was announced, or
        the last check without lag."""

    def handled(self, records: "Iterable[ConsumerRecord[Any, Any]]") -> None:
        """Note that these records were handled."""
        for record in records:
            partition = TopicPartition(record.topic, record.partition)
            self._reached[partition] = max(self._reached.get(partition, 0.0), record.timestamp / 1000)

    def update(self, consumer: "AIOKafkaConsumer[Any, Any]") -> int:
        """Set the metrics of all assigned partitions; return how many records wait in all."""
        assigned = consumer.assignment()
        self.remove(self._reached.keys() - assigned)
        return sum(self._set(partition, _records(consumer, partition)) for partition in assigned)

    def remove(self, partitions: Iterable[TopicPartition]) -> None:
        """Remove the labels of partitions that are no longer assigned."""
        for partition in list(partitions):
            self._reached.pop(partition, None)
            metrics.LAG_RECORDS.remove(*partition)
            metrics.LAG_SECONDS.remove(*partition)

    def clear(self) -> None:
        """Remove all labels."""
        self.remove(self._reached)

    def _set(self, partition: TopicPartition, records: int) -> int:
        now = time.time()  # noqa: TID251  a measurement, not a rule
        reached = self._reached.setdefault(partition, now)
        if not records:
            reached = self._reached[partition] = now
        metrics.LAG_RECORDS.labels(*partition).set(records)
        metrics.LAG_SECONDS.labels(*partition).set(max(now - reached, 0.0))
        return records


def _records(consumer: "AIOKafkaConsumer[Any, Any]", partition: TopicPartition) -> int:
    """Return the number of records between the next to fetch and the end of the log at the last fetch."""
    state = consumer._subscription.subscription.assignment.state_value(partition)  # noqa: SLF001  the public call waits
    highwater = consumer.highwater(partition)
    return max(highwater - state.position, 0) if highwater is not None and state.has_valid_position else 0
