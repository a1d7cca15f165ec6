"""A refusal of the broker is found, logged once, counted and shown; and the service goes on when it is lifted."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import pytest_asyncio
import trustme
from aiokafka.errors import TopicAuthorizationFailedError
from confluent_kafka.admin import (
    AdminClient,
    ScramCredentialInfo,
    ScramMechanism,
    UserScramCredentialDeletion,
    UserScramCredentialUpsertion,
)
from prometheus_client import REGISTRY
from structlog.testing import capture_logs

from shared.tests.facts import closed
from tests.secure_bus.conftest import GUEST, bus_of
from townhall.chassis.background import running
from townhall.chassis.broker import Bus
from townhall.chassis.broker_access import BrokerAccess, BrokerUnusable, Cause, connect
from townhall.chassis.broker_security import Mechanism, Security
from townhall.chassis.consuming import Consumer, Processor, Subscription
from townhall.chassis.db import Database, Transaction
from townhall.chassis.outbox.relay import Relay
from townhall.chassis.retrying import sleep
from townhall.contracts import ReceivedEvent, committee, voting
from townhall.testing.brokers import make_topics
from townhall.testing.databases import CHASSIS
from townhall.testing.secure_kafka import ADMIN, SecureKafka
from townhall_local.operating.access_rules import Access, Rule
from townhall_local.operating.acl_client import AclClient

PREFIX = "access."
"""Of topics that have no records but those of this file."""
READ = Rule(f"User:{GUEST}", "read", "topic", PREFIX + voting.TOPIC)
GROUP = Rule(f"User:{GUEST}", "read", "group", f"{PREFIX}{CHASSIS}-", "prefixed")
WRITE = Rule(f"User:{GUEST}", "write", "topic", PREFIX + voting.TOPIC)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def topics(secure_kafka: SecureKafka) -> None:
    """The topics of this file, with the rules of the services."""
    bus = bus_of(secure_kafka, ADMIN, PREFIX)
    await make_topics(bus)
    await asyncio.to_thread(AclClient(bus).create, Access(PREFIX).rules())


@pytest.fixture
def admin(secure_kafka: SecureKafka, topics: None) -> Iterator[AclClient]:
    """The administrator; afterwards the guest has no right again."""
    client = AclClient(bus_of(secure_kafka, ADMIN))
    yield client
    client.delete([READ, GROUP, WRITE])


async def until(probe: Callable[[], Any], within: float = 60) -> None:
    """Poll until the probe's result is true."""
    async with asyncio.timeout(within):
        while not probe():
            await sleep(0.05)


def logged(logs: Sequence[Any], event: str) -> list[tuple[str, str]]:
    """Return level and cause of each line of an event."""
    return [(line["log_level"], line["cause"]) for line in logs if line["event"] == event]


def usable(task: str) -> float | None:
    """Return the gauge of a task."""
    return REGISTRY.get_sample_value("townhall_broker_usable", {"task": task})


class Received:
    """A consumer of the votes' topic that counts what it received."""

    def __init__(self, bus: Bus, db: Database) -> None:
        self.events = 0
        subscriptions = [Subscription(voting.TOPIC, {voting.VoteClosed: self._apply})]
        self.consumer = Consumer(bus, db, subscriptions, Processor(db, subscriptions))

    async def _apply(self, _tx: Transaction, received_events: Sequence[ReceivedEvent[voting.VoteClosed]]) -> None:
        self.events += len(received_events)


async def announce(db: Database) -> None:
    """Announce one event of the voting service."""
    async with db.transaction() as tx:
        tx.announce(closed(uuid4()))


@pytest.mark.parametrize(
    ("changed", "cause"),
    [
        ({"password": "hunter2"}, Cause.LOGIN),
        ({"username": "nobody"}, Cause.LOGIN),
        ({"mechanism": "PLAIN", "password": "hunter2"}, Cause.LOGIN),
        ({"ca_file": None}, Cause.CERTIFICATE),
        ({"protocol": "SASL_PLAINTEXT"}, Cause.CLOSED),
        ({"protocol": "PLAINTEXT"}, Cause.CLOSED),
        ({"protocol": "SSL"}, Cause.CLOSED),
    ],
)
async def test_the_true_cause_is_logged_once(
    secure_kafka: SecureKafka, database: Database, changed: dict[str, Any], cause: Cause
) -> None:
    """G22: relay and consumer name it, whatever aiokafka makes of it; retries repeat neither the line nor a secret."""
    bus = replace(bus_of(secure_kafka, "voting"), security=replace(secure_kafka.security("voting"), **changed))
    relay, consumer = Relay(database.dsn, bus), Received(bus, database).consumer
    with capture_logs() as logs:
        for run in (relay.run, consumer.run, relay.run, consumer.run):
            with pytest.raises(BrokerUnusable) as unusable_broker:
                await run()
            assert unusable_broker.value.cause is cause
    level = "warning" if cause is Cause.CLOSED else "error"
    assert logged(logs, "broker_unusable") == [(level, cause), (level, cause)]
    assert (relay.access.cause, consumer.access.cause, usable("relay"), usable("consumer")) == (cause, cause, 0, 0)
    assert secure_kafka.security("voting").password not in str(logs)
    assert "hunter2" not in str(logs)


async def test_another_authority_is_not_trusted(secure_kafka: SecureKafka, tmp_path: Path) -> None:
    """Neither the broker's certificate by a client with another CA, nor a client's by the broker."""
    strange = trustme.CA()
    strange.cert_pem.write_to_path(tmp_path / "ca.pem")
    issued = strange.issue_cert("voting.client", common_name="voting")
    issued.private_key_pem.write_to_path(tmp_path / "voting.key")
    issued.cert_chain_pems[0].write_to_path(tmp_path / "voting.crt")
    security = replace(secure_kafka.security("voting"), ca_file=tmp_path / "ca.pem")
    assert await cause_of_connecting(Bus(secure_kafka.address, security=security)) is Cause.CERTIFICATE
    forged = Security("SSL", secure_kafka.ca_file, tmp_path / "voting.crt", tmp_path / "voting.key")
    assert await cause_of_connecting(Bus(secure_kafka.certificates_address, security=forged)) is Cause.TLS
    anonymous = Security("SSL", secure_kafka.ca_file)
    assert await cause_of_connecting(Bus(secure_kafka.certificates_address, security=anonymous)) is Cause.TLS


async def cause_of_connecting(bus: Bus) -> Cause:
    """Return why the relay of a service can't connect."""
    with pytest.raises(BrokerUnusable) as refused:
        async with BrokerAccess(bus, "relay").reported():
            await connect(bus)
    return refused.value.cause


@pytest.mark.parametrize("how", ["SCRAM-SHA-512", "PLAIN", None])
async def test_each_kind_of_credential_is_the_same_principal(secure_kafka: SecureKafka, how: Mechanism | None) -> None:
    """With each of them the voting service may write its topic, and its forged directive is refused by the broker.

    None is a client certificate.
    """
    if how is None:
        bus = Bus(secure_kafka.certificates_address, security=secure_kafka.certified("voting"))
    else:
        bus = Bus(secure_kafka.address, security=secure_kafka.security("voting", how))
    async with bus.producer() as producer:
        await producer.send_and_wait(voting.TOPIC, b"{}")
        with pytest.raises(TopicAuthorizationFailedError):
            await producer.send_and_wait(committee.TOPIC, b"{}", headers=[("ce_source", b"committee")])


async def test_a_missing_right_to_write_is_logged_once(
    secure_kafka: SecureKafka, database: Database, admin: AclClient
) -> None:
    """G22: the relay says what is missing, starts over without a word, and publishes when it is granted."""
    relay = Relay(database.dsn, bus_of(secure_kafka, GUEST, PREFIX))
    await announce(database)
    with capture_logs() as logs:
        async with running({"relay": relay.run}):
            await until(lambda: errors_of("relay", Cause.TOPIC) >= 3)
            assert logged(logs, "broker_unusable") == [("error", Cause.TOPIC)]
            assert relay.access.cause is Cause.TOPIC
            await asyncio.to_thread(admin.create, [WRITE])
            await until(lambda: relay.access.cause is None)
    assert logged(logs, "broker_unusable") == [("error", Cause.TOPIC)]
    assert logged(logs, "broker_usable_again") == [("info", Cause.TOPIC)]
    assert usable("relay") == 1


def errors_of(task: str, cause: Cause) -> float:
    """Return how often a task failed for a cause."""
    return REGISTRY.get_sample_value("townhall_broker_errors_total", {"task": task, "cause": cause}) or 0


@pytest.mark.parametrize(("given", "missing", "cause"), [(READ, GROUP, Cause.GROUP), (GROUP, READ, Cause.TOPIC)])
async def test_a_missing_right_to_read_is_logged_once(
    secure_kafka: SecureKafka, database: Database, admin: AclClient, *, given: Rule, missing: Rule, cause: Cause
) -> None:
    """G22: FastStream would retry in silence; here it is an error of the consumer, which goes on when it is granted."""
    await asyncio.to_thread(admin.create, [given, WRITE])  # WRITE implies DESCRIBE, so that subscribing succeeds
    received = Received(bus_of(secure_kafka, GUEST, PREFIX), database)
    before = errors_of("consumer", cause)
    with capture_logs() as logs:
        async with running({"consumer": received.consumer.run}):
            await until(lambda: errors_of("consumer", cause) >= before + 2)
            assert logged(logs, "broker_unusable") == [("error", cause)]
            await asyncio.to_thread(admin.create, [missing])
            await until(lambda: received.consumer.access.cause is None)
            assert await consumes(received, bus_of(secure_kafka, "voting", PREFIX), database)
    assert logged(logs, "broker_usable_again") == [("info", cause)]


async def consumes(received: Received, owner: Bus, db: Database) -> bool:
    """Publish an event, and wait until it is received."""
    events = received.events
    await announce(db)
    async with running({"relay": Relay(db.dsn, owner).run}):
        await until(lambda: received.events > events)
    return True


async def test_a_replaced_password_is_noticed_by_a_silent_consumer(
    secure_kafka: SecureKafka, database: Database, admin: AclClient
) -> None:
    """G22: its connections are cut and aiokafka waits without an error; the cause is found, and lifted again."""
    await asyncio.to_thread(admin.create, [READ, GROUP])
    received = Received(bus_of(secure_kafka, GUEST, PREFIX), database)
    with capture_logs() as logs:
        async with running({"consumer": received.consumer.run}):
            assert await consumes(received, bus_of(secure_kafka, "voting", PREFIX), database)
            await asyncio.to_thread(set_password, secure_kafka, None)
            await until(lambda: received.consumer.access.cause is not None)
            assert logged(logs, "broker_unusable") == [("error", Cause.LOGIN)]
            await asyncio.to_thread(set_password, secure_kafka, secure_kafka.security(GUEST).password)
            await until(lambda: received.consumer.access.cause is None)
            assert await consumes(received, bus_of(secure_kafka, "voting", PREFIX), database)


def set_password(server: SecureKafka, password: str | None) -> None:
    """Give the guest another password, or none, by which it can't log in any more."""
    bus = bus_of(server, ADMIN)
    client = AdminClient({"bootstrap.servers": bus.servers, **bus.security.librdkafka()})
    change: UserScramCredentialDeletion | UserScramCredentialUpsertion
    if password is None:
        change = UserScramCredentialDeletion(GUEST, ScramMechanism.SCRAM_SHA_512)
    else:
        info = ScramCredentialInfo(ScramMechanism.SCRAM_SHA_512, 4096)
        change = UserScramCredentialUpsertion(GUEST, info, password.encode())
    for future in client.alter_user_scram_credentials([change]).values():
        future.result(10)
