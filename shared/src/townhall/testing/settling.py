"""Waiting until a set of services has nothing left to tell or to hear."""

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

PATIENCE: Final = 30.0
_LOOK_EVERY: Final = 0.02

_OUTBOX = text("SELECT count(*), count(*) FILTER (WHERE sent_at IS NULL) FROM outbox")
_ANNOUNCED = text("SELECT event_id FROM outbox WHERE headers ->> 'ce_type' = ANY(CAST(:types AS text[]))")
_UNHEARD = text("""
    SELECT count(*) FROM unnest(CAST(:ids AS uuid[])) AS announced (id)
    WHERE NOT EXISTS (SELECT FROM inbox WHERE event_id = announced.id)
""")


class Unsettled(AssertionError):
    """Something is still waiting to be told or received."""


async def settle(*apps: FastAPI, within: float = PATIENCE) -> None:
    """Return once every announcement of these services is published, and heard by each of them that wants it."""
    deadline = time.monotonic() + within
    while waiting := await _waiting(apps):
        if time.monotonic() > deadline:
            raise Unsettled(f"after {within:.0f} s: {', '.join(waiting)}")
        await sleep(_LOOK_EVERY)


async def _waiting(apps: Sequence[FastAPI]) -> list[str]:
    """Name what isn't done. Consumer can announce, so nothing may have been announced while looking."""
    databases: list[Database] = [state_of(app, Database) for app in apps]
    before = [await _outbox(db) for db in databases]
    unsent = [f"{db.source} has {new} to publish" for db, (_, new) in zip(databases, before, strict=True) if new]
    unheard = [told for app in apps if (told := await _unheard(app, databases))]
    after = [await _outbox(db) for db in databases]
    return unsent + unheard + (["events were announced meanwhile"] if before != after else [])


async def _outbox(db: Database) -> tuple[int, int]:
    async with db.reading() as session:
        announced, unsent = (await session.execute(_OUTBOX)).one()
    return announced, unsent


async def _unheard(app: FastAPI, sources: Sequence[Database]) -> str:
    types = [kind.TYPE for each in state_of(app, Service).subscriptions for kind in each.consumes]
    announced: list[UUID] = []
    for db in sources:
        async with db.reading() as session:
            announced += (await session.execute(_ANNOUNCED, {"types": types})).scalars().all()
    db = state_of(app, Database)
    async with db.reading() as session:
        unheard = (await session.execute(_UNHEARD, {"ids": announced})).scalar_one()
    return f"{db.source} has {unheard} to hear" if unheard else ""
