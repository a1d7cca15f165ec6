"""What the services stand on: a broker that lost everything is taken for furnished only once it is."""

from pathlib import Path
from uuid import uuid4

import pytest

from shared.tests.facts import closed
from townhall.chassis.db import Database
from townhall.embedded.databases import connected
from townhall_local.up.data_directory import DataDirectory
from townhall_local.up.infrastructure import Infrastructure

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
    data_dir_store = DataDirectory(tmp_path / "data")
    with data_dir_store.held():
        infrastructure = Infrastructure(data_dir_store, "tansu")
        try:
            await infrastructure.start()
            await _announce_and_send(infrastructure.urls["voting"])
            infrastructure.broker.kill()
            infrastructure.postgres.kill()
            infrastructure.broker.start()
            with pytest.raises(Exception):  # noqa: B017, PT011  however PostgreSQL's absence shows
                await infrastructure.furnish_broker()
            infrastructure.postgres.start()
            await infrastructure.furnish_broker()
            async with connected(infrastructure.urls["voting"]) as connection:
                assert await connection.fetchval(UNSENT) == 1
        finally:
            infrastructure.broker.kill()
            infrastructure.postgres.kill()
