"""The table of rights, cell by cell: who may write and read which topic, and read as which consumer group."""

import asyncio
from collections.abc import Awaitable, Iterator
from functools import cache
from typing import Any, Final, NamedTuple

import pytest_asyncio
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.errors import GroupAuthorizationFailedError, TopicAuthorizationFailedError

from tests.contracts.assembled_services import service
from tests.secure_bus.conftest import STRANGER, SUBSCRIBER, bus_of
from townhall.chassis.broker import Bus, dead_letter_topic
from townhall.contracts import CONSUMED_TOPICS, TOPICS
from townhall.testing.secure_kafka import ADMIN, SecureKafka
from townhall_local.service_names import SERVICES

PRINCIPALS: Final = (*SERVICES, SUBSCRIBER, STRANGER)
ALL_TOPICS: Final = (*TOPICS, *map(dead_letter_topic, SERVICES))
GROUPS: Final = {**{f"{name}-0193a0e4": name for name in SERVICES}, f"subscriber.{SUBSCRIBER}.nightly": SUBSCRIBER}
"""Consumer groups, and whose they are."""
UNREADABLE: Final = TopicPartition("townhall.nobody", 0)


class Cell(NamedTuple):
    """One cell of the table."""

    principal: str
    action: str
    name: str


def allowed(cell: Cell) -> bool:
    """Return what the table says, by a formulation of its own: an owner writes, a consumer reads, nobody else does."""
    principal, action, name = cell
    if action == "group":
        return GROUPS[name] == principal
    if action == "write":
        return name.split(".")[1] == principal
    if principal == SUBSCRIBER:
        return not name.endswith(".dead-letter")
    return name in CONSUMED_TOPICS.get(principal, ())


def cells() -> Iterator[Cell]:
    """Yield every cell of the table."""
    for principal in PRINCIPALS:
        yield from (Cell(principal, action, topic) for action in ("write", "read") for topic in ALL_TOPICS)
        yield from (Cell(principal, "group", group) for group in GROUPS)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def buses(secure_kafka: SecureKafka) -> dict[str, Bus]:
    """The bus of each principal; every topic has a record to read."""
    async with bus_of(secure_kafka, ADMIN).producer() as producer:
        await asyncio.gather(*(producer.send_and_wait(topic, b"", partition=0) for topic in ALL_TOPICS))
    return {name: bus_of(secure_kafka, name) for name in PRINCIPALS}


async def test_every_cell_of_the_table(buses: dict[str, Bus]) -> None:
    """G21: each principal may do exactly what the table says: 126 cells, each tried on the broker."""
    table = list(cells())
    found: dict[Cell, bool] = {}
    for name, bus in buses.items():
        found |= await _of_principal(bus, [cell for cell in table if cell.principal == name])
    assert len(found) == len(PRINCIPALS) * (2 * len(ALL_TOPICS) + len(GROUPS))
    assert [cell for cell, result in found.items() if result != allowed(cell)] == []


def test_services_subscribe_to_what_they_may_read() -> None:
    """The declaration that rules are derived from is what the services consume."""
    assert {name: set(CONSUMED_TOPICS[name]) for name in SERVICES} == {
        name: {each.topic for each in service(name).subscriptions} for name in SERVICES
    }


async def _of_principal(bus: Bus, table: list[Cell]) -> dict[Cell, bool]:
    async with AIOKafkaProducer(bootstrap_servers=bus.servers, **_security(bus)) as producer:
        results = await asyncio.gather(*(_try(bus, producer, cell) for cell in table))
    return dict(zip(table, results, strict=True))


@cache
def _security(bus: Bus) -> dict[str, Any]:
    return bus.security.aiokafka()


def _try(bus: Bus, producer: AIOKafkaProducer, cell: Cell) -> Awaitable[bool]:
    if cell.action == "write":
        return _may_write(producer, cell.name)
    return _may_read(bus, cell.name) if cell.action == "read" else _may_join(bus, cell.name)


async def _may_write(producer: AIOKafkaProducer, topic: str) -> bool:
    try:
        await producer.send_and_wait(topic, b"", partition=0)
    except TopicAuthorizationFailedError:
        return False
    return True


async def _may_read(bus: Bus, topic: str) -> bool:
    consumer = _consumer(bus, topic, auto_offset_reset="earliest")
    try:
        await consumer.start()
        await asyncio.wait_for(consumer.getone(), 20)
    except TopicAuthorizationFailedError:
        return False
    finally:
        await consumer.stop()
    return True


async def _may_join(bus: Bus, group: str) -> bool:
    """Commit an offset of a topic that nobody may read: the group is checked first, and no offset moves."""
    consumer = _consumer(bus, group_id=group, enable_auto_commit=False)
    await consumer.start()
    try:
        consumer.assign([UNREADABLE])
        await consumer.commit({UNREADABLE: 0})
    except GroupAuthorizationFailedError:
        return False
    except TopicAuthorizationFailedError:
        return True
    finally:
        await consumer.stop()
    return True


def _consumer(bus: Bus, *topics: str, **settings: object) -> AIOKafkaConsumer:
    return AIOKafkaConsumer(*topics, bootstrap_servers=bus.servers, **_security(bus), **settings)
