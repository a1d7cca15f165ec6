"""The relay: publishes the outbox in order, and marks a row as sent only after the broker acknowledged it.

One relay leads per service. Its connection holds the advisory lock, reads the rows and marks them, so a relay that lost
the lock can't mark anything: losing the lock is losing the connection. A leader that stops without dying is cut off by
the server after `LEASE`; what it may still publish then is a repeat, which consumers discard by event id.

While the broker has one batch of rows, the next is read. That changes no order: the next batch is sent only if every
row of this one was acknowledged, and dropped otherwise. So a leader sends a row only after every earlier one of its key
was acknowledged or marked, and the first arrival of each event is in order even where two leaders overlap.
"""

import asyncio
from contextlib import suppress
from typing import Final

from structlog import get_logger

from townhall.chassis import outbox
from townhall.chassis.broker import Bus
from townhall.chassis.broker_access import BrokerAccess
from townhall.chassis.database_url import Connection, DatabaseUrl
from townhall.chassis.outbox.publisher import TIMEOUT, Publisher, Rows
from townhall.chassis.retrying import sleep
from townhall.chassis.telemetry import metrics

BATCH: Final = 1000
"""Rows of one batch, at most."""
MAX_BYTES: Final = 16 * 1024 * 1024
"""Bytes of events at which a batch ends earlier. Two batches are in memory at a time."""
POLL: Final = 1.0
"""Seconds between reads of the outbox without a notification, which is a hint and may be lost."""
LEASE: Final = "20s"
"""Time without a statement after which the server ends a leader's session. Longer than a healthy round, and short
enough that a leader whose network is gone is replaced within half a minute; one ended too early repeats events."""
LOCK: Final = 7_264_001
"""The advisory lock of the leader."""
SILENCE: Final = 8.0
"""Seconds without an answer after which the server counts as gone."""

SETTINGS: Final = {
    "application_name": "relay",
    "idle_session_timeout": LEASE,
    "statement_timeout": "7s",
    # Forces the index of unsent rows. By its statistics, which don't know of a sudden backlog, the planner would fetch
    # and sort all of it for each batch.
    "enable_bitmapscan": "off",
    "enable_seqscan": "off",
    "enable_sort": "off",
    "plan_cache_mode": "force_custom_plan",
}
"""PostgreSQL settings of the relay's own connection."""

UNSENT: Final = f"""
    SELECT id, topic, key, headers, payload, announced_at FROM (
        SELECT id, topic, key, headers, payload, announced_at,
            sum(octet_length(payload)) OVER (ORDER BY id ROWS UNBOUNDED PRECEDING) AS size
        FROM outbox WHERE sent_at IS NULL AND id <> ALL($1::bigint[]) ORDER BY id LIMIT {BATCH}
    ) AS next WHERE size - octet_length(payload) < {MAX_BYTES} ORDER BY id
"""  # noqa: S608  two numbers
"""The next batch without the rows being sent already."""
_READ_ONLY: Final = "SELECT current_setting('transaction_read_only')::bool"
_SENT = "UPDATE outbox SET sent_at = now() WHERE id = ANY($1::bigint[]) AND sent_at IS NULL"

log = get_logger()


class ReadOnly(Exception):
    """The server takes no writes any more: another one has replaced it, and nothing new will be in this outbox."""


class Relay:
    """The background task that publishes one service's outbox; `url` is its database, without a pooler."""

    def __init__(self, url: DatabaseUrl | str, bus: Bus) -> None:
        self._url = DatabaseUrl.parse(url)
        self._bus = bus
        self._notified = asyncio.Event()
        self.leading = False
        self.access = BrokerAccess(bus, "relay")

    async def run(self) -> None:
        """Wait for the lock, then publish until cancelled; raises `BrokerUnusable`, and errors of the database."""
        connection = await self._url.connect(server_settings=SETTINGS, command_timeout=SILENCE)
        try:
            await self._lead(connection)
        finally:
            self.leading = False
            connection.terminate()

    async def _lead(self, connection: Connection) -> None:
        while not await connection.fetchval("SELECT pg_try_advisory_lock($1)", LOCK):
            await self._require_writes(connection)
            await sleep(POLL)
        await connection.add_listener(outbox.CHANNEL, lambda *_: self._notified.set())
        async with self.access.reported():
            producer = self._bus.producer()
        try:
            async with self.access.reported():
                await asyncio.wait_for(producer.start(), TIMEOUT)
            self.access.connected()
            self.leading = True
            log.info("relay_leading")
            publisher = Publisher(self._bus, producer, self.access)
            while True:
                await self._round(connection, publisher)
        finally:
            # A producer whose broker is gone may not stop (aiokafka issue 773); it is abandoned then.
            with suppress(Exception):
                await asyncio.wait_for(producer.stop(), 3)

    async def _round(self, connection: Connection, publisher: Publisher) -> None:
        """Publish all unsent rows in batches; wait for more if all were acknowledged. Raises `ReadOnly`."""
        self._notified.clear()
        await self._require_writes(connection)
        rows: Rows = await connection.fetch(UNSENT, [])
        sent: list[int] = []
        complete = True
        while rows and complete:
            following, acknowledged = await asyncio.gather(
                self._next_batch(connection, sent, rows), publisher.publish(rows)
            )
            sent, complete, rows = acknowledged, len(acknowledged) == len(rows), following
        await self._mark(connection, sent)
        if complete:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._notified.wait(), POLL)

    async def _next_batch(self, connection: Connection, sent: list[int], rows: Rows) -> Rows:
        """Mark the rows of the batch before as sent, and read the batch after `rows`, which are being published."""
        await self._mark(connection, sent)
        full = len(rows) == BATCH or sum(len(row["payload"]) for row in rows) >= MAX_BYTES
        return await connection.fetch(UNSENT, [row["id"] for row in rows]) if full else []

    async def _mark(self, connection: Connection, sent: list[int]) -> None:
        if sent:
            await connection.execute(_SENT, sent)
            metrics.OUTBOX_PUBLISHED.inc(len(sent))

    @staticmethod
    async def _require_writes(connection: Connection) -> None:
        """Raise `ReadOnly` on a server that was fenced or demoted; a new connection finds the one that replaced it."""
        if await connection.fetchval(_READ_ONLY):
            raise ReadOnly
