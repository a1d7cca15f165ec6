"""V3, V7 across a rotation: the key of an open vote never changes, so nobody votes twice in it."""

import secrets
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
import pytest_asyncio
from httpx import AsyncClient

from services.voting.tests.harness import VotingHarness
from townhall.chassis.settings import ServiceSettings
from townhall.chassis.state import state_of
from townhall.testing.services import ROTATED, AppOf
from townhall.testing.sockets import listening
from townhall.testing.tokens import Mint
from voting.settings import Settings

pytestmark = pytest.mark.asyncio(loop_scope="session")

NEW = secrets.token_hex(32)
Open = Callable[..., Awaitable[AsyncClient]]


@pytest_asyncio.fixture(loop_scope="session", params=[True, False], ids=["fast path", "routes"])
async def open_client(request: pytest.FixtureRequest, app_of: AppOf, harness: VotingHarness) -> AsyncIterator[Open]:
    """A function that opens the service with these settings, on a socket."""
    clients: list[tuple[object, AsyncClient]] = []

    async def open_it(**settings: object) -> AsyncClient:
        app = await app_of(harness.db, fast_path=request.param, **settings)
        if not clients:
            harness.use_keys_of(app)
        context = listening(app)
        client = AsyncClient(base_url=f"http://127.0.0.1:{await context.__aenter__()}", timeout=30)
        clients.append((context, client))
        return client

    yield open_it
    for context, client in clients:
        await client.aclose()
        await context.__aexit__(None, None, None)  # type: ignore[attr-defined]  # an asynccontextmanager


async def test_nobody_votes_twice(open_client: Open, app_of: AppOf, harness: VotingHarness, mint: Mint) -> None:
    """V3: with new master and person keys a second ballot of a citizen is a change of the first."""
    before = await open_client()
    url = f"/votes/{await harness.schedule()}/ballot"
    kim = mint("citizen", "김").header
    assert (await before.put(url, json={"choice": "yes"}, headers=kim)).json()["outcome"] == "counted"
    settings = state_of(await app_of(harness.db), ServiceSettings)
    assert isinstance(settings, Settings)
    former = {1: settings.master_key.get_secret_value().hex()}
    after = await open_client(master_key=NEW, master_key_version=2, former_master_keys=former, **ROTATED)
    for client, choice, outcome in ((after, "no", "changed"), (before, "no", "unchanged"), (after, "yes", "changed")):
        answer = await client.put(url, json={"choice": choice}, headers=kim)
        assert answer.json()["outcome"] == outcome
    assert (await after.get(url, headers=kim)).json()["choice"] == "yes"


async def test_without_the_former_master_key(open_client: Open, harness: VotingHarness, mint: Mint) -> None:
    """V7: ballots of votes under a lost or replaced key are refused, not counted anew; other votes go on."""
    before = await open_client()
    old = f"/votes/{await harness.schedule()}/ballot"
    kim = mint("citizen", "김").header
    await before.put(old, json={"choice": "yes"}, headers=kim)
    for settings in ({"master_key_version": 2}, {}):
        after = await open_client(master_key=NEW, **settings)
        for answer in (await after.put(old, json={"choice": "no"}, headers=kim), await after.get(old, headers=kim)):
            assert (answer.status_code, answer.json()["code"]) == (503, "vote-key-unavailable")
            assert answer.headers["retry-after"] == "30"
    assert (await before.get(old, headers=kim)).json()["choice"] == "yes"
