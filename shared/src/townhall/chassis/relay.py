"""The relay: publishes the outbox, in order, and marks a row sent only after the broker acknowledged it.

One relay leads per service. Its connection holds the advisory lock, reads the rows and marks them, so a relay that lost
the lock can't mark anything: losing the lock is losing the connection. A leader that stops without dying is cut off by
the server after `LEASE`, and what it may still publish then is a repeat that readers discard by event id.

While the broker has one batch of rows, the database is asked for the next. That moves nothing out of order: the next
batch is sent only when every row of this one was acknowledged, and is forgotten otherwise. So a leader sends a row only
after it saw every earlier one of its key acknowledged or marked, and the first arrival of each event is in order even
where two leaders overlap.
"""

import asyncio
from contextlib import suppress
from typing import Final, TypeAlias

import asyncpg
from structlog import get_logger

from townhall.chassis import metrics, outbox
from townhall.chassis.broker import Bus
from townhall.chassis.publishing import PATIENCE, Publisher, Rows
from townhall.chassis.waiting import rest

BATCH: Final = 1000
"""Rows published at once, at the most."""
MUCH: Final = 16 * 1024 * 1024
"""Bytes of events at which a batch ends sooner. Two batches are in memory at a time."""
POLL: Final = 1.0
"""Seconds between looks at the outbox when nothing woke the relay: the guarantee behind the wake-up."""
LEASE: Final = "20s"
"""How long a leader may be silent before the server ends its session: longer than a healthy round, and short enough
that one whose network forgot it is replaced within half a minute. Cut off too early, it begins again and repeats."""
LOCK: Final = 7_264_001
"""The advisory lock that makes a leader."""

SETTINGS: Final = {
    "application_name": "relay",
    "idle_session_timeout": LEASE,
    "statement_timeout": "10s",
    # The rows are read along the index of those not yet sent. Left to its statistics, which know nothing of a backlog
    # that has just come up, the planner would fetch and sort all of it for each batch.
    "enable_bitmapscan": "off",
    "enable_seqscan": "off",
    "enable_sort": "off",
    "plan_cache_mode": "force_custom_plan",
}
"""What the relay's own connection asks of PostgreSQL."""

UNSENT: Final = f"""
    SELECT id, topic, key, headers, payload, announced_at FROM (
        SELECT *, sum(octet_length(payload)) OVER (ORDER BY id ROWS UNBOUNDED PRECEDING) AS size
        FROM outbox WHERE sent_at IS NULL AND id <> ALL($1::bigint[]) ORDER BY id LIMIT {BATCH}
    ) AS next WHERE size - octet_length(payload) < {MUCH} ORDER BY id
"""  # noqa: S608  two numbers
"""The next batch, but for the rows that are being sent already."""
_SENT = "UPDATE outbox SET sent_at = now() WHERE id = ANY($1::bigint[]) AND sent_at IS NULL"

log = get_logger()

Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record]"


class Relay:
    """Runs beside the handlers of one service. `dsn` is that service's database."""

    def __init__(self, dsn: str, bus: Bus) -> None:
        self._dsn = dsn
        self._bus = bus
        self._woken = asyncio.Event()
        self.leading = False

    async def run(self) -> None:
        """Lead when nobody else does, for as long as connection and broker last; raise when they don't."""
        connection = await asyncpg.connect(self._dsn, server_settings=SETTINGS, timeout=5, command_timeout=15)
        try:
            await self._lead(connection)
        finally:
            self.leading = False
            connection.terminate()

    async def _lead(self, connection: Connection) -> None:
        while not await connection.fetchval("SELECT pg_try_advisory_lock($1)", LOCK):
            await rest(POLL)
        await connection.add_listener(outbox.CHANNEL, lambda *_: self._woken.set())
        producer = self._bus.producer()
        try:
            await asyncio.wait_for(producer.start(), PATIENCE)
            self.leading = True
            publisher = Publisher(self._bus, producer)
            while True:
                await self._round(connection, publisher)
        finally:
            # A producer whose broker is gone can refuse to stop (aiokafka issue 773): it is left behind then.
            with suppress(Exception):
                await asyncio.wait_for(producer.stop(), 3)

    async def _round(self, connection: Connection, publisher: Publisher) -> None:
        """Publish what waits, batch after batch; rest when all of it was acknowledged."""
        self._woken.clear()
        rows: Rows = await connection.fetch(UNSENT, [])
        sent: list[int] = []
        whole = True
        while rows and whole:
            ahead, acknowledged = await asyncio.gather(self._ahead(connection, sent, rows), publisher.publish(rows))
            sent, whole, rows = acknowledged, len(acknowledged) == len(rows), ahead
        await self._mark(connection, sent)
        if whole:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._woken.wait(), POLL)

    async def _ahead(self, connection: Connection, sent: list[int], rows: Rows) -> Rows:
        """Mark what the broker acknowledged before, and read what comes after the rows it is being given now."""
        await self._mark(connection, sent)
        full = len(rows) == BATCH or sum(len(row["payload"]) for row in rows) >= MUCH
        return await connection.fetch(UNSENT, [row["id"] for row in rows]) if full else []

    async def _mark(self, connection: Connection, sent: list[int]) -> None:
        if sent:
            await connection.execute(_SENT, sent)
            metrics.OUTBOX_PUBLISHED.inc(len(sent))
