"""What the services stand on: a broker that lost everything is taken for furnished only once it is."""

from pathlib import Path
from uuid import uuid4

import pytest

from shared.tests.facts import closed
from townhall.chassis.db import Database
from townhall.embedded.databases import connected
from townhall_local.up.ground import Ground
from townhall_local.up.home import Home

UNSENT = "SELECT count(*) FROM outbox WHERE sent_at IS NULL"


async def _announce_and_send(url: str) -> None:
    db = Database(url, source="voting")
    async with db.transaction() as tx:
        tx.announce(closed(uuid4()))
    await db.close()
    async with connected(url) as connection:
        await connection.execute("UPDATE outbox SET sent_at = now()")


async def test_a_refill_that_failed_is_made_up_for(tmp_path: Path) -> None:
    """G13: PostgreSQL was away when the emptied broker came back; what the outbox holds is announced later."""
    home = Home(tmp_path / "data")
    with home.held():
        ground = Ground(home, "tansu")
        try:
            await ground.start()
            await _announce_and_send(ground.urls["voting"])
            ground.broker.kill()
            ground.postgres.kill()
            ground.broker.start()
            with pytest.raises(Exception):  # noqa: B017, PT011  however PostgreSQL's absence shows
                await ground.furnish_broker()
            ground.postgres.start()
            await ground.furnish_broker()
            async with connected(ground.urls["voting"]) as connection:
                assert await connection.fetchval(UNSENT) == 1
        finally:
            ground.broker.kill()
            ground.postgres.kill()
