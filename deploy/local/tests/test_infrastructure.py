"""An emptied broker counts as prepared only after it was refilled."""

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


@pytest.mark.process
async def test_a_failed_refill_is_repeated(tmp_path: Path) -> None:
    """G13: PostgreSQL is down when the emptied broker comes back; the next preparation marks the outbox as unsent."""
    data_directory = DataDirectory(tmp_path / "data")
    with data_directory.locked():
        infrastructure = Infrastructure(data_directory, "tansu")
        try:
            await infrastructure.start()
            await _announce_and_send(infrastructure.urls["voting"])
            infrastructure.broker.kill()
            infrastructure.postgres.kill()
            infrastructure.broker.start()
            with pytest.raises(Exception):  # noqa: B017, PT011  however PostgreSQL's absence shows
                await infrastructure.prepare_broker()
            infrastructure.postgres.start()
            await infrastructure.prepare_broker()
            async with connected(infrastructure.urls["voting"]) as connection:
                assert await connection.fetchval(UNSENT) == 1
        finally:
            infrastructure.broker.kill()
            infrastructure.postgres.kill()
