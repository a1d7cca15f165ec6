"""The Kafka loop of a service: one consumer group over all topics it subscribes to.

FastStream's defaults lose or repeat messages. So offsets are committed after the effects (`NACK_ON_ERROR`), headers are
not decoded by the framework (a null header would skip the whole batch), and a rebalance waits for the batch in flight.
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

from townhall.chassis.broker import REQUEST_TIMEOUT_MS, Bus
from townhall.chassis.broker_access import BrokerAccess
from townhall.chassis.consuming import incarnation, limit
from townhall.chassis.consuming.fetches import Fetches
from townhall.chassis.consuming.lag import Lag
from townhall.chassis.consuming.message import Message, Subscription
from townhall.chassis.consuming.processor import Processor
from townhall.chassis.consuming.status import ConsumingStatus, StopReason
from townhall.chassis.db import Database
from townhall.chassis.retrying import sleep

BATCH: Final = 500
"""Messages of one transaction, at most."""
STUCK: Final = 60.0
"""Seconds without assignment, or with lag and no progress, after which the consumer is replaced (aiokafka 1154)."""
CHECK: Final = 2.0
"""Seconds between checks of progress."""

log = get_logger()


class Stuck(Exception):
    """The consumer makes no progress although messages wait."""


class Consumer(ConsumerRebalanceListener):  # type: ignore[misc]  # aiokafka's class is untyped
    """Consumes the subscribed topics while `run` runs."""

    def __init__(self, bus: Bus, db: Database, subscriptions: Sequence[Subscription], processor: Processor) -> None:
        self._bus = bus
        self._db = db
        self._subscriptions = subscriptions
        self._processor = processor
        self._batch = asyncio.Lock()
        """Held while a batch is processed."""
        self._lag = Lag()
        self._progress_at = 0.0
        self.status = ConsumingStatus([each.topic for each in subscriptions])
        self.access = BrokerAccess(bus, "consumer")
        self._fetches = Fetches()
        self.assigned = False
        self._join_logged = False
        """True from the first assignment of this run."""

    async def run(self) -> None:
        """Consume until cancelled. Raises `BrokerUnusable`, `Stuck`, and errors of the database."""
        async with self._db.reading() as session:
            group = f"{self._bus.prefix}{self._db.source}-{await incarnation.current(session)}"
        self._join_logged = False
        async with self.access.reported():
            broker = self._broker()
        subscriber = self._subscribe(broker, group)
        try:
            async with self.access.reported():
                await broker.start()
            self.access.connected()
            self.status.resume(StopReason.NOT_JOINED)
            self._progress_at = time.monotonic()
            self._fetches = Fetches()
            while (consumer := subscriber.consumer) is not None:
                self._fetches.watch(consumer)
                # Counted here too: without a next message the limit would not be noticed.
                await limit.reached(self._db, self.status)
                await sleep(CHECK)
                await self._check_access(consumer)
                self._check(consumer)
        finally:
            self.status.stop(StopReason.NOT_JOINED)
            self.assigned = False
            self._lag.clear()
            # A consumer whose broker is gone can take long to stop (aiokafka issue 773).
            with suppress(Exception):
                await asyncio.wait_for(broker.stop(), 12)

    def _broker(self) -> KafkaBroker:
        return KafkaBroker(
            self._bus.servers,
            security=self._bus.security.faststream(),
            allow_auto_create_topics=False,
            request_timeout_ms=REQUEST_TIMEOUT_MS,
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
        """Process a batch; FastStream commits its offsets when this returns, and fetches it again if it raises."""
        async with self._batch:
            await self._capacity()
            messages = [Message.of(record, self._bus.prefix) for record in records]
            await self._processor.process(messages, self._capacity)
            self._lag.handled(records)
            self._progress_at = time.monotonic()

    async def _capacity(self) -> None:
        """Back-pressure: wait while too many dead letters wait for an operator."""
        while await limit.reached(self._db, self.status):
            await sleep(1)

    async def _check_access(self, consumer: "AIOKafkaConsumer[Any, Any]") -> None:
        """Report whether the broker answers; raises `BrokerUnusable` if it refuses: only a new consumer recovers.

        A consumer whose connection is gone, for whatever cause, is kept: it waits silently, and goes on by itself.
        """
        if self._fetches.refusal is not None:
            raise await self.access.failed(self._fetches.refusal) from self._fetches.refusal
        if self._fetches.answered(consumer):
            self.access.works()
        elif not self._batch.locked() and self._fetches.silent:
            await self.access.probe()

    def _check(self, consumer: "AIOKafkaConsumer[Any, Any]") -> None:
        """Publish the lag; raises `Stuck` if there was no progress for too long."""
        self.assigned = bool(consumer.assignment())
        waiting = self._lag.update(consumer)
        if (self.assigned and not waiting) or self._batch.locked():
            self._progress_at = time.monotonic()
        if time.monotonic() - self._progress_at > STUCK:
            raise Stuck

    async def on_partitions_revoked(self, revoked: Sequence[TopicPartition]) -> None:
        """Let the batch in flight finish before another member gets its partitions; the inbox is the guarantee."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._batch.acquire(), 15)
            self._batch.release()
        self._lag.remove(revoked)

    async def on_partitions_assigned(self, assigned: Sequence[TopicPartition]) -> None:
        """Count the time without progress from now, and log the first assignment."""
        self._progress_at = time.monotonic()
        if not self._join_logged:
            self._join_logged = True
            log.info("consumer_joined", partitions=len(assigned))


async def _parse(records: "tuple[ConsumerRecord[Any, Any], ...]", original: Any) -> KafkaMessage:  # noqa: ANN401  FastStream's form
    """Wrap the batch without decoding it. The original parser knows the consumer that will commit it."""
    consumer = original.__self__._consumer  # noqa: SLF001  a parser is given no other reference to it
    return KafkaAckableMessage(raw_message=records, body=b"", headers={}, message_id="", consumer=consumer)


async def _decode(message: KafkaMessage) -> "list[ConsumerRecord[Any, Any]]":
    return list(message.raw_message)
