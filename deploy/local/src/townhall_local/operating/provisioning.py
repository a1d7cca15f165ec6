"""The topics the platform needs, compared with those of a cluster."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import KafkaError, TopicAlreadyExistsError, for_code

from townhall.chassis.broker import Bus, dead_letter_topic
from townhall.chassis.broker_access import ERRORS, HINTS, Cause, cause_of, connect
from townhall.chassis.broker_security import PLAINTEXT, Security
from townhall.contracts import TOPICS
from townhall_local.errors import CommandError
from townhall_local.operating.topic_settings import change_settings, settings_of
from townhall_local.service_names import SERVICES

PARTITIONS: Final = 6
"""Partitions of each event topic. The number can't change later: keys would move and lose their order."""
EVENT_SETTINGS: Final = {"retention.ms": "-1", "cleanup.policy": "delete"}
"""Unlimited retention: a replay reads event topics from the beginning."""
REPLICAS: Final = 3
"""Replicas of each topic on a cluster with at least so many brokers; one of them may be down."""


@dataclass(frozen=True, slots=True)
class Topic:
    """The required partitions and settings of one topic."""

    name: str
    partitions: int
    settings: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Plan:
    """The differences between the required topics and those of a cluster."""

    missing: tuple[Topic, ...]
    repartitioned: tuple[str, ...]
    """Topics with another number of partitions. These are never changed."""
    wrong_settings: tuple[str, ...]
    """Topics whose retention would delete events that a replay needs. `correct_settings` changes that."""
    present: tuple[str, ...]

    @property
    def changes(self) -> bool:
        """Whether there is any difference."""
        return bool(self.missing or self.repartitioned or self.wrong_settings)


def desired(prefix: str = "") -> list[Topic]:
    """Return every topic of the platform: an event topic and a dead-letter topic per service."""
    events = [Topic(prefix + name, PARTITIONS, EVENT_SETTINGS) for name in TOPICS]
    return events + [Topic(prefix + dead_letter_topic(service), 1, {}) for service in SERVICES]


async def plan(admin: AIOKafkaAdminClient, wanted: Sequence[Topic]) -> Plan:
    """Compare the cluster with the wanted topics; change nothing."""
    existing = set(await admin.list_topics())
    known = [topic.name for topic in wanted if topic.name in existing]
    described = {each["topic"]: len(each["partitions"]) for each in await admin.describe_topics(known)} if known else {}
    settings = await settings_of(admin, known)
    return Plan(
        missing=tuple(topic for topic in wanted if topic.name not in existing),
        repartitioned=tuple(
            topic.name for topic in wanted if described.get(topic.name, topic.partitions) != topic.partitions
        ),
        wrong_settings=tuple(
            topic.name
            for topic in wanted
            if not topic.settings.items() <= settings.get(topic.name, topic.settings).items()
        ),
        present=tuple(known),
    )


async def correct_settings(admin: AIOKafkaAdminClient, wanted: Sequence[Topic], found: Plan) -> None:
    """Correct the settings of the topics in `found.wrong_settings`. Deleted events come back with an outbox refill."""
    await change_settings(admin, {topic.name: topic.settings for topic in wanted if topic.name in found.wrong_settings})


async def create(admin: AIOKafkaAdminClient, topics: Sequence[Topic], replicas: int | None = None) -> None:
    """Create topics, ignoring those that exist by now; raises `CommandError` if the cluster refuses one.

    Without `replicas`, each gets three, or as many as there are brokers.
    """
    replicas = replicas or min(REPLICAS, len((await admin.describe_cluster())["brokers"]))
    requested = [NewTopic(each.name, each.partitions, replicas, topic_configs=dict(each.settings)) for each in topics]
    answer = await admin.create_topics(requested) if requested else None
    for name, code, *_ in answer.topic_errors if answer else ():
        error = for_code(code)
        if code and error is not TopicAlreadyExistsError:
            raise CommandError(f"The cluster refused to create {name}: {error.__name__}.")


@asynccontextmanager
async def admin_client(servers: str, security: Security = PLAINTEXT) -> AsyncIterator[AIOKafkaAdminClient]:
    """Open an admin client for the cluster; raises `CommandError` on any Kafka error inside the block."""
    bus = Bus(servers, security=security)
    admin = AIOKafkaAdminClient(bootstrap_servers=servers, request_timeout_ms=10_000, **security.aiokafka())
    try:
        await admin.start()
        yield admin
    except KafkaError as error:
        raise await _unusable(bus, error) from error
    finally:
        await admin.close()


async def require_access(bus: Bus) -> None:
    """Connect to the cluster and log in; raises `CommandError` with the cause."""
    try:
        await connect(bus)
    except ERRORS as error:
        raise await _unusable(bus, error) from error


async def _unusable(bus: Bus, error: BaseException) -> CommandError:
    cause = await cause_of(bus, error)
    reasons = {Cause.UNREACHABLE: "no broker answered", Cause.OTHER: f"a broker reported {type(error).__name__}"}
    reason = reasons.get(cause, f"{cause} ({HINTS[cause]})")
    return CommandError(f"The Kafka cluster at {bus.servers} can't be used: {reason}.")
