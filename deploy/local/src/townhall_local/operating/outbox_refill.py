"""Publishing the events of the outboxes again, for a broker that lost them."""

import asyncio
from collections.abc import Mapping

from townhall.chassis import outbox
from townhall_local.operating.connections import database


async def refill(urls: Mapping[str, str]) -> dict[str, int]:
    """Mark every row of these outboxes as unsent; return the number of rows by service."""
    counts = await asyncio.gather(*(_refill(service, url) for service, url in urls.items()))
    return dict(zip(urls, counts, strict=True))


async def _refill(service: str, url: str) -> int:
    async with database(service, url) as db, db.transaction() as tx:
        return await outbox.refill(tx.session)
