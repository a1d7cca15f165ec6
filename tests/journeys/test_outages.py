"""G14, G15: what the platform stands on goes away and comes back, and nothing is lost or doubled."""

import asyncio
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import psutil
import pytest
import pytest_asyncio
from fastapi import FastAPI

from tests.journeys.processes import Processes, names, open_vote, until, up, vote
from townhall.chassis.broker import Bus
from townhall.chassis.health import Health
from townhall.chassis.retrying import sleep
from townhall.chassis.state import state_of
from townhall.embedded.ports import free_port
from townhall.testing import settle
from townhall.testing.brokers import broker_in, make_topics
from townhall.testing.databases import DatabaseOf
from townhall_local.client.people import Platform

pytestmark = [pytest.mark.broker, pytest.mark.process, pytest.mark.xdist_group("outages")]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def platform(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Processes]:
    """One platform for all the outages."""
    with up(tmp_path_factory.mktemp("platform") / "data") as processes:
        yield processes
        await processes.close()


@asynccontextmanager
async def crowd(people: Platform, task_id: str) -> AsyncIterator[list[str]]:
    """Citizens vote one after the other in eight lines for as long as the block lasts; yields those acknowledged."""
    acknowledged: list[str] = []
    going_on = True

    async def line() -> None:
        while going_on:
            (name,) = names(1)
            answer = await vote(people, task_id, name)
            assert isinstance(answer, dict)
            acknowledged.append(name)

    lines = [asyncio.create_task(line()) for _ in range(8)]
    try:
        yield acknowledged
    finally:
        going_on = False
        await asyncio.gather(*lines)


async def assert_all_counted(platform: Processes, task_id: str, acknowledged: list[str]) -> None:
    """Every acknowledged ballot stands, once, and the totals say the same."""
    counted = "SELECT count(*), count(DISTINCT voter) FROM current_ballot WHERE task_id = :task"
    many = len(acknowledged)
    assert await platform.rows("voting", counted, task=task_id) == [(many, many)]
    assert await platform.rows("voting", "SELECT yes FROM tally WHERE task_id = :task", task=task_id) == [(many,)]


def postgres_of(platform: Processes) -> psutil.Process:
    """Return the PostgreSQL server of this platform."""
    port = int(platform.running.databases["voting"].rpartition("/")[0].rpartition(":")[2])
    # What ends meanwhile has no command line any more.
    running = psutil.process_iter(["name", "cmdline"])
    found = [each for each in running if f"-p {port}" in " ".join(each.info["cmdline"] or ())]
    return next(each for each in found if each.info["name"] == "postgres")


def broker_of(platform: Processes) -> psutil.Process:
    """Return the broker of this platform."""
    port = int(platform.running.kafka.rpartition(":")[2])
    for each in psutil.process_iter(["name"]):
        with suppress(psutil.Error):
            if each.name() in {"tansu", "java"} and any(
                held.laddr.port == port for held in each.net_connections("tcp") if not held.raddr
            ):
                return each
    raise AssertionError("no broker listens there")


async def test_postgresql_restarts_in_mid_run(platform: Processes) -> None:
    """G14: the server is killed under load; every acknowledged ballot is there afterwards."""
    async with platform.people() as people:
        task_id = await open_vote(people, "정전", more_than=10)
        async with crowd(people, task_id) as acknowledged:
            await until(lambda: enough(acknowledged, 50))
            postgres_of(platform).kill()
            target = len(acknowledged) + 50
            await until(lambda: enough(acknowledged, target))
        await until(lambda: case_of(people, task_id))
    await platform.close()
    await assert_all_counted(platform, task_id, acknowledged)


async def test_the_broker_is_away_in_mid_run(platform: Processes) -> None:
    """G14: the broker answers nobody for twenty seconds; ballots are counted meanwhile, and the case opens after."""
    async with platform.people() as people:
        task_id = await open_vote(people, "통신 두절", more_than=10)
        broker = broker_of(platform)
        broker.send_signal(signal.SIGSTOP)
        try:
            async with crowd(people, task_id) as acknowledged:
                await until(lambda: enough(acknowledged, 50))
            await sleep(20)
            assert not await case_of(people, task_id)
        finally:
            broker.send_signal(signal.SIGCONT)
        await until(lambda: case_of(people, task_id))
    await assert_all_counted(platform, task_id, acknowledged)


async def test_sigterm_under_load_keeps_what_was_acknowledged(platform: Processes) -> None:
    """G15: a service that is told to end does so in time, and what it acknowledged is there."""
    async with platform.people() as people:
        task_id = await open_vote(people, "교대", more_than=10)
        async with crowd(people, task_id) as acknowledged:
            await until(lambda: enough(acknowledged, 50))
            ending = psutil.Process(platform.running.services["voting"].pid)
            platform.signal("voting", signal.SIGTERM)
            await asyncio.to_thread(ending.wait, 20)
            target = len(acknowledged) + 50
            await until(lambda: enough(acknowledged, target))
    await assert_all_counted(platform, task_id, acknowledged)


async def test_the_broker_comes_later_than_the_services(
    tmp_path: Path, database_of: DatabaseOf, running: Callable[..., Awaitable[FastAPI]]
) -> None:
    """G14: services that start without a broker wait for it, and then hear and tell everything."""
    port = free_port()
    bus = Bus(f"127.0.0.1:{port}")
    proposal = await running(await database_of("proposal"), kafka_servers=bus.servers, topic_prefix="")
    voting = await running(await database_of("voting"), kafka_servers=bus.servers, topic_prefix="")
    assert not all((await state_of(proposal, Health).checks()).values())
    broker = broker_in(tmp_path / "broker")
    broker.port = port
    broker.start()
    try:
        await make_topics(bus)
        await until(lambda: ready(proposal, voting))
        await settle(proposal, voting)
    finally:
        broker.kill()


async def ready(*apps: FastAPI) -> bool:
    """Tell whether all these services are ready."""
    return all([all((await state_of(app, Health).checks()).values()) for app in apps])


async def enough(acknowledged: list[str], many: int) -> bool:
    """Tell whether so many ballots were acknowledged."""
    return len(acknowledged) >= many


async def case_of(people: Platform, task_id: str) -> bool:
    """Tell whether the Committee has the case."""
    return bool((await people.api.get("committee", "/cases", task_id=task_id))["items"])
