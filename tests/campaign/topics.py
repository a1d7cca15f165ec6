"""Reading the topics as any other consumer would, and publishing messages that no service sent."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Final
from uuid import UUID, uuid4

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.errors import UnknownTopicOrPartitionError

from townhall.contracts import TOPICS
from townhall_local.operating.provisioning import PARTITIONS

END: Final = "campaign.end.v1"
READ_WITHIN: Final = 30.0
POISONED: Final = ("townhall.proposal.v1", "townhall.voting.v1", "townhall.committee.v1")
OVERSIZE: Final = 700_000

Headers = list[tuple[str, bytes | None]]


@dataclass(frozen=True, slots=True)
class Record:
    """One message of a topic."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    headers: Mapping[str, bytes | None]
    value: bytes | None

    @property
    def position(self) -> tuple[str, int, int]:
        """Topic, partition and offset."""
        return self.topic, self.partition, self.offset

    def header(self, name: str) -> str:
        """Return a header as text."""
        return (self.headers.get(name) or b"").decode(errors="replace")

    @property
    def event_id(self) -> UUID:
        """CloudEvents `id`."""
        return UUID(self.header("ce_id"))


async def read_topics(servers: str) -> list[Record]:
    """Read every event topic from offset 0 to its end, in the order of each partition.

    The end is marked by a record of an unknown type that is published first: the embedded broker doesn't report it.
    """
    parts = [TopicPartition(topic, number) for topic in TOPICS for number in range(PARTITIONS)]
    ends = await _mark_ends(servers, parts)
    consumer = AIOKafkaConsumer(
        bootstrap_servers=servers, enable_auto_commit=False, auto_offset_reset="earliest", fetch_max_wait_ms=100
    )
    await consumer.start()
    try:
        consumer.assign(parts)
        await consumer.seek_to_beginning(*parts)
        found: list[Record] = []
        async with asyncio.timeout(READ_WITHIN):
            while ends:
                batches = await consumer.getmany(timeout_ms=400)
                found += [_record(each) for records in batches.values() for each in records]
                ends -= {record.position for record in found[-sum(map(len, batches.values())) :]}
        return sorted((each for each in found if each.header("ce_type") != END), key=lambda record: record.position)
    finally:
        await consumer.stop()


async def _mark_ends(servers: str, parts: Sequence[TopicPartition]) -> set[tuple[str, int, int]]:
    headers: Headers = [*_envelope("campaign"), ("ce_type", END.encode())]
    async with AIOKafkaProducer(bootstrap_servers=servers) as producer:
        for part in parts:
            # An emptied broker has no topics for a while, and aiokafka would report an invalid partition.
            if part.partition not in await producer.partitions_for(part.topic):
                raise UnknownTopicOrPartitionError
        sent = [await producer.send(part.topic, b"{}", partition=part.partition, headers=headers) for part in parts]
        return {(each.topic, each.partition, each.offset) for each in await asyncio.gather(*sent)}


def _envelope(source: str) -> Headers:
    return [
        ("ce_id", str(uuid4()).encode()), ("ce_source", f"townhall/{source}".encode()), ("ce_sequence", b"1"),
        ("ce_time", b"2026-01-01T00:00:00+00:00"), ("ce_specversion", b"1.0"),
    ]  # fmt: skip


def _record(raw: object) -> Record:
    get = raw.__getattribute__
    return Record(get("topic"), get("partition"), get("offset"), get("key"), dict(get("headers")), get("value"))


@dataclass
class Intruder:
    """Publishes what no service sent: poison messages, and events for the second time."""

    rng: Random
    poison: set[tuple[str, int, int]] = field(default_factory=set)
    """The positions of poison messages, as the broker reported them."""

    async def publish_poison(self, servers: str, keys: Sequence[str]) -> None:
        """Publish a few poison messages, most with keys of their own, some with a task's."""
        async with AIOKafkaProducer(bootstrap_servers=servers, max_request_size=1_000_000) as producer:
            for _ in range(self.rng.randint(1, 3)):
                topic = self.rng.choice([*POISONED, *POISONED[1:]])
                headers, key, value = self._poison_message(topic, keys)
                sent = await producer.send_and_wait(topic, value, key=key, headers=headers)
                self.poison.add((sent.topic, sent.partition, sent.offset))

    async def repeat(self, servers: str) -> int:
        """Publish some events again, older ones after newer ones; return how many."""
        records = await read_topics(servers)
        async with AIOKafkaProducer(bootstrap_servers=servers) as producer:
            again = self.rng.sample(records, min(len(records), 40))
            for each in again:
                headers = list(each.headers.items())
                await producer.send_and_wait(each.topic, each.value, key=each.key, headers=headers)
        return len(again)

    def _poison_message(self, topic: str, keys: Sequence[str]) -> tuple[Headers, bytes | None, bytes | None]:
        service = topic.split(".")[1]
        kind = {
            "proposal": "proposal.task-referred",
            "voting": "voting.vote-closed",
            "committee": "committee.case-placed-on-agenda",
        }[service]
        own = self.rng.choice([uuid4().hex.encode(), None, b"\xff\xfe"])
        key = self.rng.choice(list(keys)).encode()
        envelope = _envelope(service)
        known, unknown = ("ce_type", f"{kind}.v1".encode()), ("ce_type", f"{kind}.v9".encode())
        kinds: list[tuple[Headers, bytes | None, bytes | None]] = [
            ([("ce_type", None), ("ce_id", None)], own, b"{}"),
            ([*envelope, known], own, b'{"task_id": "'),
            *[([*envelope, known], key, b"{}")] * 4,
            ([*envelope, unknown], key, b"{}"),
            ([*envelope, known], own, b"x" * OVERSIZE),
            ([known], b"\xff\xfe", None),
        ]
        return self.rng.choice(kinds)
