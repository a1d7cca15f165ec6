"""What the broker answers to the fetches of a consumer, which neither aiokafka nor FastStream reports."""

import time
from typing import Any, Final

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

SILENCE: Final = 6.0
"""Seconds without an answer to a fetch, which the broker gives every 0.1 s, after which the cause is looked for."""


class Fetches:
    """What the broker answered to the fetches of one consumer."""

    def __init__(self) -> None:
        self.refusal: KafkaError | None = None
        """The error of a fetch. FastStream logs it and tries again every five seconds, without end."""
        self._watched: AIOKafkaConsumer[Any, Any] | None = None
        self._last = 0
        self._answered_at = time.monotonic()

    def watch(self, consumer: "AIOKafkaConsumer[Any, Any]") -> None:
        """Keep the error that a fetch of this consumer raises."""
        if self._watched is consumer:
            return
        self._watched, getmany = consumer, consumer.getmany

        async def watched(*partitions: TopicPartition, **limits: Any) -> Any:  # noqa: ANN401  aiokafka's form
            try:
                return await getmany(*partitions, **limits)
            except KafkaError as error:
                self.refusal = error
                raise

        consumer.getmany = watched

    def answered(self, consumer: "AIOKafkaConsumer[Any, Any]") -> bool:
        """Return whether a fetch was answered since the last call."""
        answers = (consumer.last_poll_timestamp(partition) or 0 for partition in consumer.assignment())
        last = max(answers, default=0)
        if last <= self._last:
            return False
        self._last, self._answered_at = last, time.monotonic()
        return True

    @property
    def silent(self) -> bool:
        """Whether no fetch was answered for `SILENCE` seconds."""
        return time.monotonic() - self._answered_at > SILENCE
