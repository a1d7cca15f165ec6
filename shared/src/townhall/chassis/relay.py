"""The relay: publishes the outbox, in order, and marks a row sent only after the broker acknowledged it.

One relay leads per service. Its connection holds the advisory lock, reads the rows and marks them, so a relay that lost
the lock can't mark anything: losing the lock is losing the connection. A leader that stops without dying is cut off by
the server after `LEASE`, and what it may still publish then is a repeat that readers discard by event id.
"""

import asyncio
import json
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, Final

import asyncpg
from aiokafka import AIOKafkaProducer
from aiokafka.partitioner import DefaultPartitioner
from structlog import get_logger

from townhall.chassis import metrics, outbox
from townhall.chassis.broker import PATIENCE_MS, Bus
from townhall.chassis.waiting import rest

BATCH: Final = 1000
"""Rows published in one round."""
POLL: Final = 1.0
"""Seconds between looks at the outbox when nothing woke the relay: the guarantee behind the wake-up."""
LEASE: Final = "30s"
"""How long a leader may be silent before the server ends its session."""
LOCK: Final = 7_264_001
"""The advisory lock that makes a leader."""

_UNSENT = """
    SELECT id, topic, key, event_id, headers, payload, announced_at FROM outbox
    WHERE sent_at IS NULL ORDER BY id LIMIT $1
"""
_SENT = "UPDATE outbox SET sent_at = now() WHERE id = ANY($1::bigint[]) AND sent_at IS NULL"
_PATIENCE = PATIENCE_MS / 1000 + 2

log = get_logger()

Rows = Sequence[asyncpg.Record]
Parts = dict[tuple[str, int], list[asyncpg.Record]]
"""Rows by topic and partition, in order."""


class Relay:
    """Runs beside the handlers of one service. `dsn` is that service's database."""

    def __init__(self, dsn: str, bus: Bus) -> None:
        self._dsn = dsn
        self._bus = bus
        self._woken = asyncio.Event()
        self._partition_of = DefaultPartitioner()
        self.leading = False

    async def run(self) -> None:
        """Lead when nobody else does, for as long as connection and broker last; raise when they don't."""
        connection = await self._connect()
        try:
            await self._lead(connection)
        finally:
            self.leading = False
            connection.terminate()

    async def _connect(self) -> "asyncpg.Connection[asyncpg.Record]":
        settings = {"application_name": "relay", "idle_session_timeout": LEASE, "statement_timeout": "10s"}
        return await asyncpg.connect(self._dsn, server_settings=settings, timeout=5, command_timeout=15)

    async def _lead(self, connection: "asyncpg.Connection[asyncpg.Record]") -> None:
        while not await connection.fetchval("SELECT pg_try_advisory_lock($1)", LOCK):
            await rest(POLL)
        await connection.add_listener(outbox.CHANNEL, lambda *_: self._woken.set())
        producer = self._bus.producer()
        try:
            await asyncio.wait_for(producer.start(), _PATIENCE)
            self.leading = True
            while True:
                await self._round(connection, producer)
        finally:
            # A producer whose broker is gone can refuse to stop (aiokafka issue 773): it is left behind then.
            with suppress(Exception):
                await asyncio.wait_for(producer.stop(), 3)

    async def _round(self, connection: "asyncpg.Connection[asyncpg.Record]", producer: AIOKafkaProducer) -> None:
        """Publish one batch of rows; rest when there was nothing left to do."""
        self._woken.clear()
        rows = await connection.fetch(_UNSENT, BATCH)
        sent = await self._publish(producer, rows)
        if sent:
            await connection.execute(_SENT, sent)
            metrics.OUTBOX_PUBLISHED.inc(len(sent))
        if len(rows) < BATCH:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._woken.wait(), POLL)

    async def _publish(self, producer: AIOKafkaProducer, rows: Rows) -> list[int]:
        """Send one batch to each partition; return the ids that were acknowledged. Raises when any batch was not."""
        partitions = await self._by_partition(producer, rows)
        batches = [self._send(producer, topic, partition, part) for (topic, partition), part in partitions.items()]
        results = await asyncio.gather(*batches, return_exceptions=True)
        sent = [row_id for result in results if isinstance(result, list) for row_id in result]
        failed = [result for result in results if isinstance(result, BaseException)]
        metrics.OUTBOX_FAILURES.inc(len(failed))
        if failed and not sent:
            raise failed[0]
        return sent

    async def _by_partition(self, producer: AIOKafkaProducer, rows: Rows) -> Parts:
        found: Parts = {}
        for row in rows:
            topic = self._bus.topic(row["topic"])
            partitions = sorted(await asyncio.wait_for(producer.partitions_for(topic), _PATIENCE))
            partition = self._partition_of(_bytes(row["key"]), partitions, partitions)
            found.setdefault((topic, partition), []).append(row)
        return found

    async def _send(self, producer: AIOKafkaProducer, topic: str, partition: int, rows: Rows) -> list[int]:
        """Send as many rows as one batch holds: all arrive or none, so no event overtakes a failed one of its key."""
        batch = producer.create_batch()
        sent: list[int] = []
        for row in rows:
            key = _bytes(row["key"])
            if batch.append(key=key, value=row["payload"], timestamp=_millis(row), headers=_headers(row)) is None:
                break
            sent.append(row["id"])
        batch.close()
        acknowledged = await producer.send_batch(batch, topic, partition=partition)
        await asyncio.wait_for(acknowledged, _PATIENCE)
        return sent


def _bytes(key: str | None) -> bytes | None:
    return key.encode() if key is not None else None


def _millis(row: asyncpg.Record) -> int:
    return int(row["announced_at"].timestamp() * 1000)


def _headers(row: asyncpg.Record) -> list[tuple[str, bytes]]:
    headers: dict[str, Any] = json.loads(row["headers"])
    return [(name, str(value).encode()) for name, value in headers.items()]
