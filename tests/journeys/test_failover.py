"""G14: PostgreSQL's standby is promoted under load; no acknowledged ballot is lost, and service comes back."""

import asyncio
import logging
import time
from http import HTTPStatus
from pathlib import Path
from typing import Final

import pytest

from tests.attacks.service import settings, start
from tests.journeys.failover import LOSSES, PATIENCE, Voting, pair
from townhall.embedded.issuer import Issuer
from townhall.testing.tokens import Mint

pytestmark = [pytest.mark.process, pytest.mark.xdist_group("failover")]

log = logging.getLogger(__name__)

BACK_WITHIN: Final = 15.0
"""Seconds from the promotion to the next acknowledged ballot."""


@pytest.mark.parametrize("loss", LOSSES)
async def test_a_standby_is_promoted_under_load(
    loss: str, tmp_path: Path, issuer: Issuer, jwks_file: Path, mint: Mint
) -> None:
    """Until a server takes writes, callers get 503 with Retry-After; then every ballot is counted, each once."""
    async with pair(tmp_path) as (servers, task_id):
        env = settings(servers.url, issuer.url, jwks_file, body_seconds=15, keep_alive_seconds=70, write_seconds=10)
        service = start(env, tmp_path / "voting.log")
        voting = Voting(service, task_id, mint)
        citizens = asyncio.create_task(voting.citizens())
        try:
            await voting.more(100)
            await LOSSES[loss](servers)
            await servers.standby.promote()
            promoted = time.monotonic()
            await voting.more(100)
        finally:
            voting.running = False
            await asyncio.wait_for(citizens, PATIENCE)
            service.kill()
        log.info("%s: longest gap %.2f s", loss, voting.longest_gap)  # seen with --log-cli-level=INFO
        assert 2 * await servers.stored(task_id) == len(voting.acknowledged)
        assert min(at for at in voting.acknowledged if at > promoted) - promoted < BACK_WITHIN
        assert voting.answers <= {HTTPStatus.OK, HTTPStatus.SERVICE_UNAVAILABLE}
        assert not voting.without_retry_after
