"""A broker for tests: one for the run, with topics of its own for each test."""

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
"""The environment variable that chooses the broker: `tansu` (the default) or `kafka`."""
SHARED: Final = "TOWNHALL_TEST_KAFKA_PORT"
"""Names the port of the one Apache Kafka that the workers of a parallel run share; set by the run itself."""
PARTITIONS: Final = 3
"""Fewer than a deployment has, enough that keys are spread."""


def broker_in(directory: Path) -> Server:
    """Return the broker of this run's kind, not started."""
    return Kafka(directory) if os.environ.get(KIND) == "kafka" else Tansu(directory)


@contextmanager
def started() -> Iterator[Server]:
    """Run a broker in a directory of its own."""
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
    """A broker of the test's own, without any topic, to do to it what others must not feel."""
    server = broker_in(tmp_path / "broker")
    server.start()
    yield server
    server.kill()


@pytest.fixture
def topic_prefix() -> str:
    """What sets this test's topics and groups apart."""
    return f"test.{uuid4().hex[:12]}."


@pytest_asyncio.fixture(loop_scope="session")
async def bus(broker: Server, topic_prefix: str) -> AsyncIterator[Bus]:
    """The bus with every topic of the platform, empty, for this test alone."""
    made = Bus(broker.address, topic_prefix, session_timeout_ms=2000, fetch_wait_ms=20)
    await make_topics(made)
    yield made
    await drop_topics(made)


async def make_topics(bus: Bus) -> None:
    """Make every topic of the platform on the bus."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bus.servers)
    await admin.start()
    try:
        await admin.create_topics([NewTopic(bus.topic(name), PARTITIONS, 1) for name in _names()])
    finally:
        await admin.close()


async def drop_topics(bus: Bus) -> None:
    """Remove every topic of the platform from the bus."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bus.servers)
    await admin.start()
    try:
        await admin.delete_topics([bus.topic(name) for name in _names()])
    finally:
        await admin.close()


def _names() -> list[str]:
    return [*TOPICS, *(dead_letter_topic(topic.split(".")[1]) for topic in TOPICS)]
