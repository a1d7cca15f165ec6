"""One service for the attacks that must not harm it, and more for those that end it."""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack
from itertools import count
from pathlib import Path

import pytest
import pytest_asyncio

from services.voting.tests.harness import VotingHarness
from tests.attacks.ballots import Ballots
from tests.attacks.service import KEY, Service, settings, start
from townhall.chassis.db import Database
from townhall.embedded.issuer import Issuer
from townhall.testing.databases import Cluster
from townhall.testing.tokens import Mint
from voting.domain.voter_keys import Keyring

StartOf = Callable[..., Service]
Got = Callable[[object], None]


@pytest.fixture
def got(record_property: Callable[[str, object], None]) -> Got:
    """Note what an attack got, in words, for the report that `--junitxml` writes."""
    return lambda seen: record_property("got", str(seen))


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def harness(cluster: Cluster) -> AsyncIterator[VotingHarness]:
    """A database of voting on which ballots may be changed, for the whole run."""
    url = await cluster.fresh("voting")
    db = Database(url, source="voting")
    made = VotingHarness(db, Keyring(1, {1: bytes.fromhex(KEY)}))
    await made.enact(more_than=1_000_000)
    yield made
    await db.close()
    await cluster.drop(url)


@pytest.fixture(scope="session")
def start_service(
    harness: VotingHarness, issuer: Issuer, jwks_file: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[StartOf]:
    """Start processes of voting on free ports; keyword arguments are settings. They end with the run."""
    directory, numbers = tmp_path_factory.mktemp("voting"), count()
    with ExitStack() as stack:

        def run(**more: object) -> Service:
            env = settings(harness.db.dsn, issuer.url, jwks_file, **more)
            service = start(env, directory / f"{next(numbers)}.log")
            stack.callback(service.kill)
            return service

        yield run


@pytest.fixture(scope="session")
def service(start_service: StartOf) -> Service:
    """The service most attacks share: each must leave it as it was."""
    return start_service()


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def task_id(harness: VotingHarness) -> str:
    """An open vote that the tests of one module share."""
    return str(await harness.schedule())


@pytest_asyncio.fixture(loop_scope="session")
async def ballots(harness: VotingHarness, mint: Mint) -> Ballots:
    """A vote of the test's own that is open, and ballots for it."""
    return Ballots(str(await harness.schedule()), mint)


def pytest_itemcollected(item: pytest.Item) -> None:
    """Keep the attacks on one worker, where they share a service and nobody else's attack disturbs what is measured."""
    item.add_marker("process")
    item.add_marker(pytest.mark.xdist_group("attacks"))
