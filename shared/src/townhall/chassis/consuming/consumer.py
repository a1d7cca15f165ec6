"""The subscriber: one consumer group per service over all the topics it consumes.

FastStream's defaults lose or repeat messages, so: offsets are committed after the effects (`NACK_ON_ERROR`), headers
are never decoded by the framework (a null header would skip the whole batch), and a rebalance waits for the batch in
flight.
"""

import asyncio
import time
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, Final

from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, ConsumerRecord, TopicPartition
from faststream import AckPolicy
from faststream.kafka import KafkaBroker, KafkaMessage, Topic
from faststream.kafka.message import KafkaAckableMessage
from faststream.kafka.subscriber.usecase import BatchSubscriber
from structlog import get_logger

from townhall.chassis import metrics
from townhall.chassis.broker import PATIENCE_MS, Bus
from townhall.chassis.consuming import dead_letters, inbox
from townhall.chassis.consuming.message import Subscription, received
from townhall.chassis.consuming.processing import Processor
from townhall.chassis.db import Database
from townhall.chassis.waiting import rest

BATCH: Final = 500
"""Messages handled in one transaction at the most."""
MAX_DEAD_LETTERS: Final = 100
"""Messages waiting for an operator at which hearing stops: by then it isn't the messages that are wrong."""
STUCK: Final = 60.0
"""Seconds without assignment, or with lag and no progress, after which the consumer is built anew (aiokafka 1154)."""
LOOK: Final = 2.0
"""Seconds between looks at the consumer."""

log = get_logger()


class Stuck(Exception):
    """The consumer stopped moving although there is something to hear."""


class Consumer(ConsumerRebalanceListener):  # type: ignore[misc]  # aiokafka's class is untyped
    """Hears the subscribed topics for as long as `run` runs."""

    def __init__(self, bus: Bus, db: Database, subscriptions: Sequence[Subscription], applying: Processor) -> None:
        self._bus = bus
        self._db = db
        self._subscriptions = subscriptions
        self._applying = applying
        self._idle = asyncio.Lock()
        self._moved_at = 0.0
        self.choked = False
        """True while too many messages are aside for hearing to go on."""
        self.assigned = False
        self.joined_once = False
        """True from the first time the group was joined."""

    async def run(self) -> None:
        """Hear until cancelled. Raises when the broker can't be reached or the consumer got stuck."""
        async with self._db.transaction() as tx:
            group = f"{self._bus.prefix}{self._db.source}-{await inbox.incarnation(tx.session)}"
        broker = self._broker()
        subscriber = self._subscribe(broker, group)
        try:
            await broker.start()
            self.joined_once = True
            self._moved_at = time.monotonic()
            while subscriber.consumer is not None:
                await rest(LOOK)
                self._look(subscriber.consumer)
        finally:
            self.assigned = False
            # A consumer whose broker is gone can take long to stop (aiokafka issue 773).
            with suppress(Exception):
                await asyncio.wait_for(broker.stop(), 12)

    def _broker(self) -> KafkaBroker:
        return KafkaBroker(
            self._bus.servers,
            allow_auto_create_topics=False,
            request_timeout_ms=PATIENCE_MS,
            retry_backoff_ms=500,
            graceful_timeout=8,
            consumer_only=True,
            logger=None,
            apply_types=False,
        )

    def _subscribe(self, broker: KafkaBroker, group: str) -> BatchSubscriber:
        topics = [Topic(self._bus.topic(each.topic), declare=False) for each in self._subscriptions]
        subscriber = broker.subscriber(
            *topics,
            group_id=group,
            batch=True,
            max_records=BATCH,
            auto_offset_reset="earliest",
            ack_policy=AckPolicy.NACK_ON_ERROR,
            no_reply=True,
            listener=self,
            parser=_parse,
            decoder=_decode,
            fetch_max_wait_ms=self._bus.fetch_wait_ms,
            session_timeout_ms=self._bus.session_timeout_ms,
            heartbeat_interval_ms=self._bus.session_timeout_ms // 4,
            rebalance_timeout_ms=20_000,
        )
        subscriber(self._on_batch)
        return subscriber

    async def _on_batch(self, records: "list[ConsumerRecord[Any, Any]]") -> None:
        async with self._idle:
            await self._room()
            await self._applying.take([received(record, self._bus.prefix) for record in records], self._room)
            self._moved_at = time.monotonic()

    async def _room(self) -> None:
        """Wait while too many messages are aside."""
        while await self._crowded():
            self.choked = True
            await rest(1)
        self.choked = False

    async def _crowded(self) -> bool:
        try:
            async with self._db.reading() as session:
                return await dead_letters.causes(session) >= MAX_DEAD_LETTERS
        except Exception as fault:  # noqa: BLE001  whatever is wrong, the effect's own transaction will say so
            log.warning("aside_not_counted", fault=type(fault).__name__)
            return False

    def _look(self, consumer: "AIOKafkaConsumer[Any, Any]") -> None:
        """Publish the lag; raise `Stuck` when nothing moves although something should."""
        partitions = consumer.assignment()
        self.assigned = bool(partitions)
        lags = {partition: _lag(consumer, partition) for partition in partitions}
        for partition, lag in lags.items():
            metrics.LAG_RECORDS.labels(partition.topic, partition.partition).set(lag)
        if (partitions and not any(lags.values())) or self._idle.locked():
            self._moved_at = time.monotonic()
        if time.monotonic() - self._moved_at > STUCK:
            raise Stuck

    async def on_partitions_revoked(self, revoked: Sequence[TopicPartition]) -> None:  # noqa: ARG002  aiokafka's form
        """Let the batch in flight finish before its partitions go to somebody else; the inbox is the guarantee."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._idle.acquire(), 15)
            self._idle.release()

    async def on_partitions_assigned(self, assigned: Sequence[TopicPartition]) -> None:  # noqa: ARG002  aiokafka's form
        """Begin anew with these partitions."""
        self._moved_at = time.monotonic()


def _lag(consumer: "AIOKafkaConsumer[Any, Any]", partition: TopicPartition) -> int:
    """Records between the last one fetched and the end, as the last fetch told it."""
    state = consumer._subscription.subscription.assignment.state_value(partition)  # noqa: SLF001  no public way there
    highwater = consumer.highwater(partition)
    return max(highwater - state.position, 0) if highwater is not None and state.has_valid_position else 0


async def _parse(records: "tuple[ConsumerRecord[Any, Any], ...]", original: Any) -> KafkaMessage:  # noqa: ANN401  FastStream's form
    """Wrap the batch without looking into it; the original parser knows the consumer that will commit."""
    consumer = original.__self__._consumer  # noqa: SLF001  no public way there
    return KafkaAckableMessage(raw_message=records, body=b"", headers={}, message_id="", consumer=consumer)


async def _decode(message: KafkaMessage) -> "list[ConsumerRecord[Any, Any]]":
    return list(message.raw_message)
