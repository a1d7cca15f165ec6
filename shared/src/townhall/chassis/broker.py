"""The Kafka cluster: its address, the names of topics on it, and the relay's producer."""

from dataclasses import dataclass
from functools import partial
from typing import Final

from aiokafka import AIOKafkaProducer, client
from aiokafka.protocol.metadata import MetadataRequest

from townhall.chassis.broker_security import PLAINTEXT, Security

LARGEST_BATCH: Final = 768 * 1024
"""Bytes of one batch; below the 1 MiB a broker accepts by default."""

REQUEST_TIMEOUT_MS: Final = 10_000
"""Timeout of one request to the broker. aiokafka's default of 40 s is longer than a graceful stop may take."""

# Without this a broker with Kafka's defaults creates every topic it is asked about, with its own default number of
# partitions, which `townhall topics apply` can't reduce. aiokafka has no setting for it (decision 0013).
client.MetadataRequest = partial(MetadataRequest, allow_auto_topic_creation=False)


@dataclass(frozen=True, slots=True)
class Bus:
    """How to reach the Kafka cluster."""

    servers: str
    prefix: str = ""
    """Prefix of every topic and group, so that several platforms can share a cluster."""
    session_timeout_ms: int = 10_000
    """Time without a heartbeat after which a consumer's partitions are given to another."""
    fetch_wait_ms: int = 100
    """How long the broker holds a fetch that finds no records."""
    security: Security = PLAINTEXT
    """How connections are encrypted and authenticated."""

    def topic(self, name: str) -> str:
        """Return the name a topic has on this cluster."""
        return f"{self.prefix}{name}"

    def producer(self) -> AIOKafkaProducer:
        """Return a producer whose batches count as sent when all in-sync replicas have them.

        Not idempotent: consumers discard repeats by event id, and an idempotent aiokafka producer hangs while the
        broker is away (aiokafka issue 1101).
        """
        return AIOKafkaProducer(
            bootstrap_servers=self.servers,
            acks="all",
            enable_idempotence=False,
            max_batch_size=LARGEST_BATCH,
            max_request_size=1024 * 1024,
            request_timeout_ms=REQUEST_TIMEOUT_MS,
            retry_backoff_ms=500,
            **self.security.aiokafka(),
        )


def dead_letter_topic(service: str) -> str:
    """Return the topic that gets a copy of each dead letter of a service."""
    return f"townhall.{service}.dead-letter"
