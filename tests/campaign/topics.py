"""Reading the topics as any other consumer would, and publishing messages that no service sent."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from random import Random
from typing import Final
from uuid import UUID, uuid4

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.errors import UnknownTopicOrPartitionError

from townhall.chassis.envelope import event_headers
from townhall.contracts import TOPICS, Event, voting
from townhall.contracts.values import RuleUsed, TaskId
from townhall_local.operating.provisioning import PARTITIONS

END: Final = "campaign-end"
"""The fact of the type of records that mark the ends of the topics: unknown to every consumer, so ignored."""
READ_WITHIN: Final = 30.0
POISONED: Final = ("townhall.proposal.v1", "townhall.voting.v1", "townhall.committee.v1")
OVERSIZE: Final = 700_000

Headers = list[tuple[str, bytes | None]]

_AT: Final = datetime(2026, 1, 1, tzinfo=UTC)
_WRONG: Final[list[tuple[dict[str, str], str]]] = [
    ({"ce_source": "townhall/elsewhere"}, ""),
    ({"ce_specversion": "9.9"}, ""),
    ({"content-type": "text/html"}, ""),
    ({"ce_subject": "elsewhere"}, ""),
]
"""Headers against the contract of events, and a wrong key or none."""


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
        return sorted((each for each in found if END not in each.header("ce_type")), key=lambda record: record.position)
    finally:
        await consumer.stop()


async def _mark_ends(servers: str, parts: Sequence[TopicPartition]) -> set[tuple[str, int, int]]:
    headers: Headers = _envelope("campaign")
    async with AIOKafkaProducer(bootstrap_servers=servers) as producer:
        for part in parts:
            # An emptied broker has no topics for a while, and aiokafka would report an invalid partition.
            if part.partition not in await producer.partitions_for(part.topic):
                raise UnknownTopicOrPartitionError
        sent = [
            await producer.send(part.topic, b"{}", partition=part.partition, headers=[*headers, _end(part.topic)])
            for part in parts
        ]
        return {(each.topic, each.partition, each.offset) for each in await asyncio.gather(*sent)}


def _end(topic: str) -> tuple[str, bytes]:
    """Return the type of a record that marks the end of a topic: one that its owner might have."""
    return "ce_type", f"{topic.split('.')[1]}.{END}.v1".encode()


def _envelope(source: str) -> Headers:
    return [
        ("ce_id", str(uuid4()).encode()), ("ce_source", f"townhall/{source}".encode()), ("ce_sequence", b"1".zfill(20)),
        ("ce_time", b"2026-01-01T00:00:00+00:00"), ("ce_specversion", b"1.0"), ("content-type", b"application/json"),
    ]  # fmt: skip


def _body(event: Event) -> bytes:
    return event.model_dump_json().encode()


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
            *([self._forged_threshold()] * 4 if service == "voting" else []),
        ]
        return self.rng.choice(kinds)

    def _forged_threshold(self) -> tuple[Headers, bytes | None, bytes | None]:
        """Return a threshold nobody reached, with one thing against the contract; a consumer that acts opens a case."""
        rule = RuleUsed(version=1, article="-")
        event = voting.ThresholdReached(
            task_id=TaskId(uuid4()), title="-", yes=9, no=0, more_than=8, reached_at=_AT, rule=rule
        )
        headers = event_headers("https://elsewhere.example", event, event_id=uuid4(), version=1, at=_AT, traceparent="")
        wrong, key = self.rng.choice([*_WRONG, ({}, uuid4().hex)])
        texts = headers | wrong
        return [(name, value.encode()) for name, value in texts.items()], (key or event.key).encode(), _body(event)
