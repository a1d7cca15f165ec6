"""G14, G15: PostgreSQL, the broker or a service stops and comes back; nothing is lost or duplicated."""

import asyncio
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import psutil
import pytest
import pytest_asyncio
from fastapi import FastAPI

from tests.journeys.processes import PlatformProcesses, new_subjects, open_vote, run_platform, vote, wait_until
from townhall.chassis.broker import Bus
from townhall.chassis.health import Health
from townhall.chassis.retrying import sleep
from townhall.chassis.state import state_of
from townhall.embedded.ports import free_port
from townhall.testing import settle
from townhall.testing.brokers import broker_in, make_topics
from townhall.testing.databases import DatabaseOf
from townhall_local.client.users import PlatformClient

pytestmark = [pytest.mark.broker, pytest.mark.process, pytest.mark.xdist_group("outages")]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def platform(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[PlatformProcesses]:
    """One platform for all outages."""
    with run_platform(tmp_path_factory.mktemp("platform") / "data") as processes:
        yield processes
        await processes.close()


@asynccontextmanager
async def voting_load(client: PlatformClient, task_id: str) -> AsyncIterator[list[str]]:
    """Cast ballots from eight tasks while the block runs; yields the subjects whose ballots were acknowledged."""
    acknowledged: list[str] = []
    running = True

    async def cast_ballots() -> None:
        while running:
            (name,) = new_subjects(1)
            answer = await vote(client, task_id, name)
            assert isinstance(answer, dict)
            acknowledged.append(name)

    tasks = [asyncio.create_task(cast_ballots()) for _ in range(8)]
    try:
        yield acknowledged
    finally:
        running = False
        await asyncio.gather(*tasks)


async def assert_all_counted(platform: PlatformProcesses, task_id: str, acknowledged: list[str]) -> None:
    """Check that every acknowledged ballot is stored and counted once."""
    counted = "SELECT count(*), count(DISTINCT voter) FROM accepted_ballot WHERE task_id = :task"
    count = len(acknowledged)
    assert await platform.rows("voting", counted, task=task_id) == [(count, count)]
    assert await platform.rows("voting", "SELECT yes FROM tally WHERE task_id = :task", task=task_id) == [(count,)]


def postgres_of(platform: PlatformProcesses) -> psutil.Process:
    """Return the PostgreSQL server of this platform."""
    port = int(platform.running.databases["voting"].rpartition("/")[0].rpartition(":")[2])
    # A process that ended in the meantime has no command line.
    running = psutil.process_iter(["name", "cmdline"])
    found = [each for each in running if f"-p {port}" in " ".join(each.info["cmdline"] or ())]
    return next(each for each in found if each.info["name"] == "postgres")


def broker_of(platform: PlatformProcesses) -> psutil.Process:
    """Return the broker of this platform."""
    port = int(platform.running.kafka.rpartition(":")[2])
    for each in psutil.process_iter(["name"]):
        with suppress(psutil.Error):
            if each.name() in {"tansu", "java"} and any(
                held.laddr.port == port for held in each.net_connections("tcp") if not held.raddr
            ):
                return each
    raise AssertionError("no broker listens there")


async def test_postgresql_is_killed_under_load(platform: PlatformProcesses) -> None:
    """G14: after the restart every acknowledged ballot is stored and counted."""
    async with platform.client() as client:
        task_id = await open_vote(client, "정전", more_than=10)
        async with voting_load(client, task_id) as acknowledged:
            await wait_until(lambda: enough(acknowledged, 50))
            postgres_of(platform).kill()
            target = len(acknowledged) + 50
            await wait_until(lambda: enough(acknowledged, target))
        await wait_until(lambda: case_of(client, task_id))
    await platform.close()
    await assert_all_counted(platform, task_id, acknowledged)


async def test_the_broker_is_unavailable_under_load(platform: PlatformProcesses) -> None:
    """G14: while the broker is suspended for twenty seconds ballots are counted; afterwards the case opens."""
    async with platform.client() as client:
        task_id = await open_vote(client, "통신 두절", more_than=10)
        broker = broker_of(platform)
        broker.send_signal(signal.SIGSTOP)
        try:
            async with voting_load(client, task_id) as acknowledged:
                await wait_until(lambda: enough(acknowledged, 50))
            await sleep(20)
            assert not await case_of(client, task_id)
        finally:
            broker.send_signal(signal.SIGCONT)
        await wait_until(lambda: case_of(client, task_id))
    await assert_all_counted(platform, task_id, acknowledged)


async def test_sigterm_under_load_keeps_acknowledged_ballots(platform: PlatformProcesses) -> None:
    """G15: the service ends in time, and every acknowledged ballot is stored and counted."""
    async with platform.client() as client:
        task_id = await open_vote(client, "교대", more_than=10)
        async with voting_load(client, task_id) as acknowledged:
            await wait_until(lambda: enough(acknowledged, 50))
            ending = psutil.Process(platform.running.services["voting"].pid)
            platform.signal("voting", signal.SIGTERM)
            await asyncio.to_thread(ending.wait, 20)
            target = len(acknowledged) + 50
            await wait_until(lambda: enough(acknowledged, target))
    await assert_all_counted(platform, task_id, acknowledged)


async def test_the_broker_starts_after_the_services(
    tmp_path: Path, database_of: DatabaseOf, running: Callable[..., Awaitable[FastAPI]]
) -> None:
    """G14: services that start without a broker are ready; once it is there they publish and consume everything."""
    port = free_port()
    bus = Bus(f"127.0.0.1:{port}")
    proposal = await running(await database_of("proposal"), kafka_servers=bus.servers, topic_prefix="")
    voting = await running(await database_of("voting"), kafka_servers=bus.servers, topic_prefix="")
    assert await ready(proposal, voting)
    assert not await joined(proposal, voting)
    broker = broker_in(tmp_path / "broker")
    broker.port = port
    broker.start()
    try:
        await make_topics(bus)
        await wait_until(lambda: joined(proposal, voting))
        await settle(proposal, voting)
    finally:
        broker.kill()


async def ready(*apps: FastAPI) -> bool:
    """Return whether all these services are ready."""
    return all([all((await state_of(app, Health).checks()).values()) for app in apps])


async def joined(*apps: FastAPI) -> bool:
    """Return whether all these services have joined their consumer groups."""
    return all(state_of(app, Health).details["consumer_joined"]() for app in apps)


async def enough(acknowledged: list[str], count: int) -> bool:
    """Return whether so many ballots were acknowledged."""
    return len(acknowledged) >= count


async def case_of(client: PlatformClient, task_id: str) -> bool:
    """Return whether the Committee has a case of the task."""
    return bool((await client.api.get("committee", "/cases", task_id=task_id))["items"])
