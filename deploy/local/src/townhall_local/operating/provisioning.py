"""The topics the platform needs, compared with those a cluster has."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import KafkaError, TopicAlreadyExistsError, for_code

from townhall.chassis.broker import dead_letter_topic
from townhall.contracts import TOPICS
from townhall_local.names import SERVICES
from townhall_local.operating.retaining import set_right, settings_of
from townhall_local.trouble import Trouble

PARTITIONS: Final = 6
"""Of each event topic. It can't change later: keys would move to other partitions and lose their order."""
KEPT_FOR_EVER: Final = {"retention.ms": "-1", "cleanup.policy": "delete"}
"""Replay reads event topics from the beginning, so nothing of them may be thrown away."""
COPIES: Final = 3
"""Of each topic, on a cluster that has so many brokers: one may be away and nothing stops."""


@dataclass(frozen=True, slots=True)
class Topic:
    """One topic, as it must be."""

    name: str
    partitions: int
    settings: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Plan:
    """What has to be done to a cluster, and what can't be."""

    missing: tuple[Topic, ...]
    repartitioned: tuple[str, ...]
    """Topics that exist with another number of partitions. Nothing here may change that."""
    forgetful: tuple[str, ...]
    """Topics with settings that would throw away what a replay needs. `mend` changes that."""
    present: tuple[str, ...]

    @property
    def changes(self) -> bool:
        """Whether the cluster is not as it must be."""
        return bool(self.missing or self.repartitioned or self.forgetful)


def desired(prefix: str = "") -> list[Topic]:
    """Return every topic of the platform: one per service, and one for what each service set aside."""
    events = [Topic(prefix + name, PARTITIONS, KEPT_FOR_EVER) for name in TOPICS]
    return events + [Topic(prefix + dead_letter_topic(service), 1, {}) for service in SERVICES]


async def plan(admin: AIOKafkaAdminClient, wanted: Sequence[Topic]) -> Plan:
    """Compare; nothing changes."""
    there = set(await admin.list_topics())
    known = [topic.name for topic in wanted if topic.name in there]
    described = {each["topic"]: len(each["partitions"]) for each in await admin.describe_topics(known)} if known else {}
    kept = await settings_of(admin, known)
    return Plan(
        missing=tuple(topic for topic in wanted if topic.name not in there),
        repartitioned=tuple(
            topic.name for topic in wanted if described.get(topic.name, topic.partitions) != topic.partitions
        ),
        forgetful=tuple(
            topic.name for topic in wanted if not topic.settings.items() <= kept.get(topic.name, topic.settings).items()
        ),
        present=tuple(known),
    )


async def mend(admin: AIOKafkaAdminClient, wanted: Sequence[Topic], found: Plan) -> None:
    """Give forgetful topics the settings they must have. What they threw away already, a refill brings back."""
    await set_right(admin, {topic.name: topic.settings for topic in wanted if topic.name in found.forgetful})


async def create(admin: AIOKafkaAdminClient, topics: Sequence[Topic], replicas: int | None = None) -> None:
    """Create the topics; one that somebody else just created is fine. Copies: as given, or as many as make sense."""
    replicas = replicas or min(COPIES, len((await admin.describe_cluster())["brokers"]))
    asked = [NewTopic(each.name, each.partitions, replicas, topic_configs=dict(each.settings)) for each in topics]
    answer = await admin.create_topics(asked) if asked else None
    for name, code, *_ in answer.topic_errors if answer else ():
        fault = for_code(code)
        if code and fault is not TopicAlreadyExistsError:
            raise Trouble(f"The cluster refused to create {name}: {fault.__name__}.")


@asynccontextmanager
async def administering(servers: str) -> AsyncIterator[AIOKafkaAdminClient]:
    """Connect to a cluster for the length of the block."""
    admin = AIOKafkaAdminClient(bootstrap_servers=servers, request_timeout_ms=10_000)
    try:
        await admin.start()
        yield admin
    except KafkaError as fault:
        raise Trouble(f"The Kafka cluster at {servers} can't be used: {type(fault).__name__}.") from fault
    finally:
        await admin.close()
