"""Convergence: waiting until nothing is left to do after the last fault; replay of the topics, refill of the broker."""

import time
from collections.abc import Mapping
from typing import Final

import asyncpg

from tests.campaign.deployment import Deployment
from tests.campaign.evidence import CONSUMES
from townhall.chassis.consuming import incarnation
from townhall.chassis.retrying import sleep
from townhall.embedded.databases import connected
from townhall_local.operating.outbox_refill import refill
from townhall_local.service_names import SERVICES

CONVERGES_WITHIN: Final = 30.0
READY_WITHIN: Final = 90.0
PARKS_WITHIN: Final = 8.0
"""Seconds within which poison messages become dead letters; no outbox shows that they are still on the way."""

_UNSENT: Final = "SELECT count(*) FROM outbox WHERE sent_at IS NULL"
_ANNOUNCED: Final = (
    "SELECT event_id, headers::jsonb ->> 'ce_type' AS type FROM outbox WHERE topic NOT LIKE '%.dead-letter'"
)
_CLAIMED: Final = "SELECT event_id FROM inbox"
_OPEN_DEAD_LETTERS: Final = "SELECT count(*) FROM dead_letter WHERE status IN ('waiting', 'requeued')"
_DUE: Final = """
    SELECT count(*) FROM vote
    WHERE (state = 'open' AND closes_at <= now()) OR (state = 'scheduled' AND opens_at <= now())
"""
_DROP: Final = """
    UPDATE dead_letter SET status = 'dropped', settled_at = now() WHERE status = 'waiting' AND reason <> 'parked'
"""


class NotConverged(Exception):
    """Something is still to do although no fault prevents it any more."""


async def converged(urls: Mapping[str, str], within: float, *, dead_letters_too: bool = True) -> float:
    """Return after how many seconds nothing was left to publish, consume or close; raises `NotConverged`.

    With `dead_letters_too`, dead letters are dropped and what is parked behind them must be applied.
    """
    began = time.monotonic()
    while pending := await _pending(urls, dead_letters_too=dead_letters_too):
        if time.monotonic() - began > within:
            raise NotConverged("; ".join(pending))
        await sleep(0.3)
    return time.monotonic() - began


async def pending_work(urls: Mapping[str, str]) -> str:
    """Describe what is still to be done."""
    return "; ".join(await _pending(urls, dead_letters_too=False))


async def _pending(urls: Mapping[str, str], *, dead_letters_too: bool) -> list[str]:
    try:
        if dead_letters_too:
            await _drop_dead_letters(urls)
        before = await _announced(urls)
        pending = [
            each for service, url in urls.items() for each in await _pending_of(service, url, before, dead_letters_too)
        ]
        return pending + (["events were announced meanwhile"] if await _announced(urls) != before else [])
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError) as error:
        return [f"PostgreSQL: {type(error).__name__}"]


async def _announced(urls: Mapping[str, str]) -> dict[str, list[asyncpg.Record]]:
    found: dict[str, list[asyncpg.Record]] = {}
    for service, url in urls.items():
        async with connected(url) as connection:
            found[service] = await connection.fetch(_ANNOUNCED)
    return found


async def _pending_of(
    service: str,
    url: str,
    announced: Mapping[str, list[asyncpg.Record]],
    dead_letters_too: bool,  # noqa: FBT001  one call
) -> list[str]:
    async with connected(url) as connection:
        unsent = await connection.fetchval(_UNSENT)
        claimed = {row["event_id"] for row in await connection.fetch(_CLAIMED)}
        dead_letters = await connection.fetchval(_OPEN_DEAD_LETTERS) if dead_letters_too else 0
        due = await connection.fetchval(_DUE) if service == "voting" else 0
    expected = [row["event_id"] for rows in announced.values() for row in rows if row["type"] in CONSUMES[service]]
    unconsumed = sum(event_id not in claimed for event_id in expected)
    counts = {
        "to publish": unsent, "to consume": unconsumed, "open dead letters": dead_letters, "votes due": due,
    }  # fmt: skip
    return [f"{service} has {count} {what}" for what, count in counts.items() if count]


async def _drop_dead_letters(urls: Mapping[str, str]) -> None:
    """Do what an operator would: drop what can't be read, so that what is parked behind it is applied."""
    for url in urls.values():
        async with connected(url) as connection:
            await connection.execute(_DROP)


async def replay(deployment: Deployment) -> None:
    """Let every service consume all topics again from offset 0."""
    async with deployment.repairing:
        for service in SERVICES:
            async with connected(deployment.infrastructure.urls[service]) as connection:
                await connection.execute(str(incarnation._RENEW))  # noqa: SLF001  what `townhall replay` does
        for each in deployment.processes:
            deployment.kill(each)
    await deployment.ready(READY_WITHIN)


async def empty_and_refill(deployment: Deployment) -> None:
    """Empty the broker, and refill it from the outboxes."""
    broker = deployment.infrastructure.broker
    async with deployment.repairing:
        broker.kill()
        for each in deployment.processes:
            deployment.kill(each)
            each.stopped(5)
        if broker.durable:
            # Without its cluster id the broker formats its storage again.
            (broker.directory / "cluster-id").unlink()
        await deployment.in_starter(broker.start)
        await deployment.infrastructure.prepare_broker()
        await refill(deployment.infrastructure.urls)
    await deployment.ready(READY_WITHIN)
