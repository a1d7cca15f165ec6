"""Waiting until a set of services has published and consumed everything."""

import time
from collections.abc import Sequence
from typing import Final
from uuid import UUID

from fastapi import FastAPI
from sqlalchemy import text

from townhall.chassis.db import Database
from townhall.chassis.retrying import sleep
from townhall.chassis.serve import Service
from townhall.chassis.state import state_of

TIMEOUT: Final = 30.0
_POLL_EVERY: Final = 0.02

_OUTBOX = text("SELECT count(*), count(*) FILTER (WHERE sent_at IS NULL) FROM outbox")
_ANNOUNCED = text("SELECT event_id FROM outbox WHERE headers ->> 'ce_type' = ANY(CAST(:types AS text[]))")
_UNCONSUMED = text("""
    SELECT count(*) FROM unnest(CAST(:ids AS uuid[])) AS announced (id)
    WHERE NOT EXISTS (SELECT FROM inbox WHERE event_id = announced.id)
""")


class Unsettled(AssertionError):
    """Events were still unpublished or unconsumed at the deadline."""


async def settle(*apps: FastAPI, within: float = TIMEOUT) -> None:
    """Wait until every event of these services is published, and consumed by each of them that subscribes to it.

    Raises `Unsettled` after so many seconds.
    """
    deadline = time.monotonic() + within
    while pending := await _pending(apps):
        if time.monotonic() > deadline:
            raise Unsettled(f"after {within:.0f} s: {', '.join(pending)}")
        await sleep(_POLL_EVERY)


async def _pending(apps: Sequence[FastAPI]) -> list[str]:
    """Describe what is left. Consumers announce too, so nothing may have been announced during the check."""
    databases: list[Database] = [state_of(app, Database) for app in apps]
    before = [await _outbox(db) for db in databases]
    unsent = [f"{db.source} has {new} to publish" for db, (_, new) in zip(databases, before, strict=True) if new]
    unconsumed = [left for app in apps if (left := await _unconsumed(app, databases))]
    after = [await _outbox(db) for db in databases]
    return unsent + unconsumed + (["events were announced meanwhile"] if before != after else [])


async def _outbox(db: Database) -> tuple[int, int]:
    async with db.reading() as session:
        announced, unsent = (await session.execute(_OUTBOX)).one()
    return announced, unsent


async def _unconsumed(app: FastAPI, sources: Sequence[Database]) -> str:
    types = [kind.TYPE for each in state_of(app, Service).subscriptions for kind in each.consumes]
    announced: list[UUID] = []
    for db in sources:
        async with db.reading() as session:
            announced += (await session.execute(_ANNOUNCED, {"types": types})).scalars().all()
    db = state_of(app, Database)
    async with db.reading() as session:
        unconsumed = (await session.execute(_UNCONSUMED, {"ids": announced})).scalar_one()
    return f"{db.source} has {unconsumed} to consume" if unconsumed else ""
