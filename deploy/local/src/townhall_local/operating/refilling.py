"""Announcing again what the outboxes hold, for a broker that lost it."""

import asyncio
from collections.abc import Mapping

from townhall.chassis import outbox
from townhall_local.operating.reaching import database


async def refill(urls: Mapping[str, str]) -> dict[str, int]:
    """Mark every row of these outboxes as unsent; return how many rows each had."""
    counted = await asyncio.gather(*(_refill(service, url) for service, url in urls.items()))
    return dict(zip(urls, counted, strict=True))


async def _refill(service: str, url: str) -> int:
    async with database(service, url) as db, db.transaction() as tx:
        return await outbox.refill(tx.session)
