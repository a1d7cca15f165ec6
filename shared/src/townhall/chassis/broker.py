"""The bus: where it is, how topics are called there, and the producer the relay publishes with."""

from dataclasses import dataclass
from functools import partial
from typing import Final

from aiokafka import AIOKafkaProducer, client
from aiokafka.protocol.metadata import MetadataRequest

LARGEST_BATCH: Final = 768 * 1024
"""Bytes of one batch; below the 1 MiB a broker accepts by default."""

PATIENCE_MS: Final = 10_000
"""How long one request to the broker may take. aiokafka's own default, 40 s, would outlast a graceful stop."""

# Without this a broker with Kafka's defaults makes every topic that is asked for, with as many partitions as it likes,
# which `townhall topics apply` may not change any more. aiokafka has no setting for it.
client.MetadataRequest = partial(MetadataRequest, allow_auto_topic_creation=False)


@dataclass(frozen=True, slots=True)
class Bus:
    """The Kafka cluster, as one service sees it."""

    servers: str
    prefix: str = ""
    """Put before every topic and group, so that several platforms can share a cluster."""
    session_timeout_ms: int = 10_000
    """How long a consumer may be silent before its partitions go to another."""
    fetch_wait_ms: int = 100
    """How long the broker may hold a fetch that finds nothing."""

    def topic(self, name: str) -> str:
        """Return the name a topic has on this cluster."""
        return f"{self.prefix}{name}"

    def producer(self) -> AIOKafkaProducer:
        """Return a producer that is told of success only when all in-sync replicas have the batch.

        Not idempotent: readers discard repeats by event id, and an idempotent aiokafka producer hangs while the
        broker is away (aiokafka issue 1101).
        """
        return AIOKafkaProducer(
            bootstrap_servers=self.servers,
            acks="all",
            enable_idempotence=False,
            max_batch_size=LARGEST_BATCH,
            max_request_size=1024 * 1024,
            request_timeout_ms=PATIENCE_MS,
            retry_backoff_ms=500,
        )


def dead_letter_topic(service: str) -> str:
    """Return the topic for messages a service could not take."""
    return f"townhall.{service}.dead-letter"
