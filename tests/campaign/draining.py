"""Waiting for the platform to come to rest after the last fault, and asking it to begin again from what it kept."""

import time
from collections.abc import Mapping
from typing import Final

import asyncpg

from tests.campaign.evidence import HEARS
from tests.campaign.stage import Stage
from townhall.chassis.consuming import incarnation
from townhall.chassis.retrying import sleep
from townhall.embedded.databases import connected
from townhall_local.service_names import SERVICES
from townhall_local.operating.outbox_refill import refill

CONVERGES_WITHIN: Final = 30.0
BEGINS_WITHIN: Final = 90.0
PARKS_WITHIN: Final = 8.0

_UNSENT: Final = "SELECT count(*) FROM outbox WHERE sent_at IS NULL"
_TOLD: Final = "SELECT event_id, headers::jsonb ->> 'ce_type' AS type FROM outbox WHERE topic NOT LIKE '%.dead-letter'"
_TAKEN: Final = "SELECT event_id FROM inbox"
_OPEN_ASIDE: Final = "SELECT count(*) FROM dead_letter WHERE status IN ('waiting', 'requeued')"
_DUE: Final = """
    SELECT count(*) FROM vote
    WHERE (state = 'open' AND closes_at <= now()) OR (state = 'scheduled' AND opens_at <= now())
"""
_DROP: Final = "UPDATE dead_letter SET status = 'dropped', settled_at = now() WHERE status = 'waiting' AND reason <> 'parked'"


class NotConverged(Exception):
    """Something still waits although nothing hinders it any more."""


async def converged(urls: Mapping[str, str], within: float, *, aside_too: bool = True) -> float:
    """Return after how many seconds nothing was left to tell, to hear or to close.

    What is aside is looked after on the way, or may stay: junk that waited behind other junk is junk all the same.
    """
    began = time.monotonic()
    while waiting := await _waiting(urls, aside_too=aside_too):
        if time.monotonic() - began > within:
            raise NotConverged("; ".join(waiting))
        await sleep(0.3)
    return time.monotonic() - began


async def what_waits(urls: Mapping[str, str]) -> str:
    """Say what is still to be done."""
    return "; ".join(await _waiting(urls, aside_too=False))


async def _waiting(urls: Mapping[str, str], *, aside_too: bool) -> list[str]:
    try:
        if aside_too:
            await _drop_aside(urls)
        before = await _told(urls)
        waiting = [said for service, url in urls.items() for said in await _of(service, url, before, aside_too)]
        return waiting + (["events were announced meanwhile"] if await _told(urls) != before else [])
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError) as fault:
        return [f"PostgreSQL: {type(fault).__name__}"]


async def _told(urls: Mapping[str, str]) -> dict[str, list[asyncpg.Record]]:
    found: dict[str, list[asyncpg.Record]] = {}
    for service, url in urls.items():
        async with connected(url) as connection:
            found[service] = await connection.fetch(_TOLD)
    return found


async def _of(service: str, url: str, told: Mapping[str, list[asyncpg.Record]], aside_too: bool) -> list[str]:  # noqa: FBT001  one call
    async with connected(url) as connection:
        unsent = await connection.fetchval(_UNSENT)
        taken = {row["event_id"] for row in await connection.fetch(_TAKEN)}
        aside = await connection.fetchval(_OPEN_ASIDE) if aside_too else 0
        due = await connection.fetchval(_DUE) if service == "voting" else 0
    heard = [row["event_id"] for rows in told.values() for row in rows if row["type"] in HEARS[service]]
    unheard = sum(event_id not in taken for event_id in heard)
    counts = {"to publish": unsent, "to hear": unheard, "aside": aside, "votes due": due}
    return [f"{service} has {count} {what}" for what, count in counts.items() if count]


async def _drop_aside(urls: Mapping[str, str]) -> None:
    """Decide as an operator does: what can't be read is given up, and what waited behind it goes on."""
    for url in urls.values():
        async with connected(url) as connection:
            await connection.execute(_DROP)


async def hear_again(stage: Stage) -> None:
    """Let every service hear all topics from offset 0."""
    async with stage.mending:
        for service in SERVICES:
            async with connected(stage.ground.urls[service]) as connection:
                await connection.execute(str(incarnation._RENEW))  # noqa: SLF001  what `townhall replay` does
        for each in stage.processes:
            stage.kill(each)
    await stage.ready(BEGINS_WITHIN)


async def fill_again(stage: Stage) -> None:
    """Empty the broker, and let the outboxes fill it."""
    async with stage.mending:
        stage.ground.broker.kill()
        for each in stage.processes:
            stage.kill(each)
            each.stopped(5)
        if stage.ground.broker.durable:
            _forget(stage)
        await stage.by_hand(stage.ground.broker.start)
        await stage.ground.prepare_broker()
        await refill(stage.ground.urls)
    await stage.ready(BEGINS_WITHIN)


def _forget(stage: Stage) -> None:
    """A broker that keeps what it has forgets who it is, and makes itself anew."""
    (stage.ground.broker.directory / "cluster-id").unlink()
