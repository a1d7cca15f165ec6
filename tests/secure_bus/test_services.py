"""A service as a process with production settings, over TLS and SASL from the first event to a subscriber."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from uuid import uuid4

import httpx
from aiokafka import AIOKafkaConsumer

from shared.tests.facts import AT
from tests.secure_bus.conftest import SUBSCRIBER, bus_of
from townhall.chassis.background import running
from townhall.chassis.db import Database
from townhall.chassis.outbox.relay import Relay
from townhall.chassis.retrying import sleep
from townhall.contracts import committee, voting
from townhall.contracts.values import RuleUsed, TaskId
from townhall.embedded.ports import HOST, free_port
from townhall.embedded.process import Child
from townhall.testing.databases import DatabaseOf
from townhall.testing.secure_kafka import SecureKafka


@asynccontextmanager
async def committee_service(server: SecureKafka, db: Database, jwks: Path, directory: Path) -> AsyncIterator[str]:
    """Run the committee service while the block runs; yields its URL when it consumes."""
    port = free_port()
    security = server.security("committee")
    password = directory / "password"
    password.write_text(security.password)
    settings = {
        "PORT": str(port), "DATABASE_URL": db.dsn, "KAFKA_SERVERS": server.address,
        "KAFKA_SECURITY_PROTOCOL": "SASL_SSL", "KAFKA_CA_FILE": str(security.ca_file),
        "KAFKA_USERNAME": "committee", "KAFKA_PASSWORD_FILE": str(password),
        "ISSUER": "https://issuer.example", "JWKS_URL": str(jwks), "PERSON_KEY": bytes(range(32)).hex(),
        "PUBLIC_URL": "https://committee.example", "DRAIN_SECONDS": "0", "ALLOW_PLAINTEXT_DATABASE": "true",
    }  # fmt: skip
    env = dict(os.environ) | {f"COMMITTEE_{name}": value for name, value in settings.items()}
    child = Child([sys.executable, "-m", "committee", "serve"], log=directory / "committee.log", env=env)
    try:
        await _ready(f"http://{HOST}:{port}", child)
        yield f"http://{HOST}:{port}"
    finally:
        await asyncio.to_thread(child.terminate, signal.SIGTERM, within=20)


async def _ready(url: str, child: Child) -> None:
    async with asyncio.timeout(120), httpx.AsyncClient(base_url=url) as client:
        while True:
            assert child.exit_code is None, child.log_tail()
            with suppress(httpx.HTTPError):
                if (await client.get("/readyz")).json().get("details", {}).get("consumer_assigned"):
                    return
            await sleep(0.1)


def threshold_reached() -> voting.ThresholdReached:
    """Return an event that opens a case."""
    return voting.ThresholdReached(
        task_id=TaskId(uuid4()),
        title="심야 버스",
        yes=301,
        no=1,
        more_than=300,
        reached_at=AT,
        rule=RuleUsed(version=1, article="제5조"),
    )


async def test_an_event_crosses_a_service_over_tls(
    secure_kafka: SecureKafka, database_of: DatabaseOf, jwks_file: Path, tmp_path: Path
) -> None:
    """Voting publishes, committee opens and publishes the case, and a subscriber reads it, each with its own login."""
    source, event = await database_of("voting"), threshold_reached()
    async with committee_service(secure_kafka, await database_of("committee"), jwks_file, tmp_path) as url:
        async with source.transaction() as tx:
            tx.announce(event)
        async with running({"relay": Relay(source.dsn, bus_of(secure_kafka, "voting")).run}):
            assert await _subscriber_reads(secure_kafka, str(event.task_id)) == committee.CaseOpened.TYPE
        async with httpx.AsyncClient(base_url=url) as client:
            details = (await client.get("/readyz")).json()["details"]
            metrics = (await client.get("/metrics")).text
    assert (details["relay_broker"], details["consumer_broker"]) == ("ok", "ok")
    assert 'townhall_broker_usable{task="relay"} 1.0' in metrics
    assert 'townhall_broker_usable{task="consumer"} 1.0' in metrics


async def _subscriber_reads(server: SecureKafka, task_id: str) -> str:
    """Return the type of the first event about this task on the committee's topic, as a subscriber reads it."""
    consumer = AIOKafkaConsumer(
        committee.TOPIC,
        bootstrap_servers=server.address,
        group_id=f"subscriber.{SUBSCRIBER}.test",
        auto_offset_reset="earliest",
        **server.security(SUBSCRIBER).aiokafka(),
    )
    await consumer.start()
    try:
        async with asyncio.timeout(60):
            async for record in consumer:
                if record.key == task_id.encode():
                    return str(dict(record.headers)["ce_type"], "utf-8")
    finally:
        await consumer.stop()
    raise AssertionError
