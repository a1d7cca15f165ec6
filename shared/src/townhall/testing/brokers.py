"""The broker fixtures: one broker per test run, separate topics per test."""

import os
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final
from uuid import uuid4

import pytest
import pytest_asyncio
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from townhall.chassis.broker import Bus, dead_letter_topic
from townhall.contracts import TOPICS
from townhall.embedded import Kafka, Tansu
from townhall.embedded.server import Server

KIND: Final = "TOWNHALL_BROKER"
"""Environment variable that selects the broker: `tansu` (the default) or `kafka`."""
SHARED: Final = "TOWNHALL_TEST_KAFKA_PORT"
"""Environment variable: port of the Apache Kafka shared by the workers of a parallel run; set by the run itself."""
PARTITIONS: Final = 3
"""Partitions per topic: fewer than in a deployment, enough to spread keys."""


def broker_in(directory: Path) -> Server:
    """Return a broker of this run's kind, not started."""
    return Kafka(directory) if os.environ.get(KIND) == "kafka" else Tansu(directory)


@contextmanager
def started() -> Iterator[Server]:
    """Run a broker in a temporary directory while the block runs."""
    with tempfile.TemporaryDirectory(prefix="townhall-tests-", ignore_cleanup_errors=True) as directory:
        server = broker_in(Path(directory))
        server.start()
        try:
            yield server
        finally:
            server.kill()


@pytest.hookimpl(wrapper=True)
def pytest_cmdline_main(config: pytest.Config) -> Iterator[None]:
    """Start one Apache Kafka for all workers of a parallel run: Java starts slowly, and takes much memory."""
    parallel = getattr(config.option, "numprocesses", None) and not config.option.collectonly
    if os.environ.get(KIND) != "kafka" or not parallel:
        return (yield)
    with started() as server:
        os.environ[SHARED] = str(server.port)  # the workers inherit it
        return (yield)


@pytest.fixture(scope="session")
def broker() -> Iterator[Server]:
    """The broker of this run, or of this worker. A test that kills its broker takes `empty_broker`."""
    if port := os.environ.get(SHARED):
        shared = broker_in(Path())
        shared.port = int(port)
        yield shared
        return
    with started() as server:
        yield server


@pytest.fixture
def empty_broker(tmp_path: Path) -> Iterator[Server]:
    """A separate broker without topics, for tests that would disturb others."""
    server = broker_in(tmp_path / "broker")
    server.start()
    yield server
    server.kill()


@pytest.fixture
def topic_prefix() -> str:
    """The prefix of this test's topics and groups."""
    return f"test.{uuid4().hex[:12]}."


@pytest_asyncio.fixture(loop_scope="session")
async def bus(broker: Server, topic_prefix: str) -> AsyncIterator[Bus]:
    """A bus with all topics of the platform, empty and used by this test only."""
    bus = Bus(broker.address, topic_prefix, session_timeout_ms=2000, fetch_wait_ms=20)
    await make_topics(bus)
    yield bus
    await drop_topics(bus)


async def make_topics(bus: Bus) -> None:
    """Create all topics of the platform, with the prefix of the bus."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bus.servers, **bus.security.aiokafka())
    await admin.start()
    try:
        await admin.create_topics([NewTopic(bus.topic(name), PARTITIONS, 1) for name in _names()])
    finally:
        await admin.close()


async def drop_topics(bus: Bus) -> None:
    """Delete all topics of the platform, with the prefix of the bus."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bus.servers, **bus.security.aiokafka())
    await admin.start()
    try:
        await admin.delete_topics([bus.topic(name) for name in _names()])
    finally:
        await admin.close()


def _names() -> list[str]:
    return [*TOPICS, *(dead_letter_topic(topic.split(".")[1]) for topic in TOPICS)]
