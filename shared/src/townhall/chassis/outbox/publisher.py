"""Publishing rows of the outbox: one batch per partition, which the broker stores as a whole or not at all."""

import asyncio
from collections.abc import Sequence
from typing import Final

import asyncpg
from aiokafka import AIOKafkaProducer
from aiokafka.partitioner import DefaultPartitioner
from pydantic_core import from_json

from townhall.chassis.broker import REQUEST_TIMEOUT_MS, Bus
from townhall.chassis.broker_access import BrokerAccess
from townhall.chassis.retrying import sleep
from townhall.chassis.telemetry import metrics

PARTIAL_FAILURE_DELAY: Final = 1.0
"""Seconds before rows are sent again that one partition did not acknowledge while others did."""
TIMEOUT: Final = REQUEST_TIMEOUT_MS / 1000 + 2
"""Seconds to wait for an acknowledgement; longer than the producer's own timeout."""

Rows = Sequence[asyncpg.Record]
Parts = dict[tuple[str, int], list[asyncpg.Record]]
"""Rows by topic and partition, in the order of ids."""


class Publisher:
    """Sends rows with a producer that has been started."""

    def __init__(self, bus: Bus, producer: AIOKafkaProducer, access: BrokerAccess) -> None:
        self._bus = bus
        self._producer = producer
        self._access = access
        self._partition_of = DefaultPartitioner()

    async def publish(self, rows: Rows) -> list[int]:
        """Send one batch per partition; return the ids that were acknowledged. Raises `BrokerUnusable` if none was."""
        async with self._access.reported():
            parts = self._parts(rows, await self._partitions(rows))
            return await self._publish(parts)

    async def _publish(self, parts: Parts) -> list[int]:
        batches = [self._send(topic, partition, part) for (topic, partition), part in parts.items()]
        results = await asyncio.gather(*batches, return_exceptions=True)
        sent = [row_id for result in results if isinstance(result, list) for row_id in result]
        failed = [result for result in results if isinstance(result, BaseException)]
        metrics.OUTBOX_FAILURES.inc(len(failed))
        if not failed:
            self._access.works()
        elif not sent:
            raise failed[0]
        else:
            await self._access.failed(failed[0])
            # A partition that refuses at once would otherwise be sent the same rows in a busy loop.
            await sleep(PARTIAL_FAILURE_DELAY)
        return sent

    async def _partitions(self, rows: Rows) -> dict[str, list[int]]:
        """Return the partitions of each topic of the rows."""
        found: dict[str, list[int]] = {}
        for topic in {row["topic"] for row in rows}:
            partitions = self._producer.partitions_for(self._bus.topic(topic))
            found[topic] = sorted(await asyncio.wait_for(partitions, TIMEOUT))
        return found

    def _parts(self, rows: Rows, partitions: dict[str, list[int]]) -> Parts:
        """Assign each row to the partition that Kafka's default partitioner gives its key."""
        found: Parts = {}
        # Hashing a key costs as much as the rest of a row's work, and a key often has many rows.
        known: dict[tuple[str, str | None], list[asyncpg.Record]] = {}
        for row in rows:
            topic, key = row["topic"], row["key"]
            if (part := known.get((topic, key))) is None:
                partition = self._partition_of(_bytes(key), partitions[topic], partitions[topic])
                part = known[topic, key] = found.setdefault((topic, partition), [])
            part.append(row)
        return found

    async def _send(self, topic: str, partition: int, rows: Rows) -> list[int]:
        """Send as many rows as one batch holds. All or none are stored: no event overtakes another."""
        batch = self._producer.create_batch()
        sent: list[int] = []
        for row in rows:
            value, headers = row["payload"], _headers(row["headers"])
            if batch.append(key=_bytes(row["key"]), value=value, timestamp=_millis(row), headers=headers) is None:
                break
            sent.append(row["id"])
        batch.close()
        acknowledged = await self._producer.send_batch(batch, self._bus.topic(topic), partition=partition)
        await asyncio.wait_for(acknowledged, TIMEOUT)
        return sent


def _bytes(key: str | None) -> bytes | None:
    return key.encode() if key is not None else None


def _millis(row: asyncpg.Record) -> int:
    return int(row["announced_at"].timestamp() * 1000)


def _headers(stored: str) -> list[tuple[str, bytes]]:
    headers: dict[str, str] = from_json(stored)
    return [(name, value.encode()) for name, value in headers.items()]
