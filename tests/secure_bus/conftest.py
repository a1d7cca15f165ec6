"""One secured Apache Kafka for all tests of this folder, with the platform's topics and rules."""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Final

import pytest
import pytest_asyncio
from typer.testing import CliRunner, Result

from townhall.chassis.broker import Bus
from townhall.testing.brokers import make_topics
from townhall.testing.secure_kafka import ADMIN, SecureKafka
from townhall_local.__main__ import townhall
from townhall_local.operating.access_rules import Access
from townhall_local.operating.acl_client import AclClient
from townhall_local.service_names import SERVICES

SUBSCRIBER: Final = "audit-office"
STRANGER: Final = "stranger"
"""A user without any right."""
GUEST: Final = "guest"
"""A user whose rights and password tests change."""
ACCESS: Final = Access(subscribers=[SUBSCRIBER])

Command = Callable[..., Result]


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def secure_kafka() -> AsyncIterator[SecureKafka]:
    """A broker that denies what no rule allows, with the topics and rules of the platform."""
    with tempfile.TemporaryDirectory(prefix="townhall-secure-", ignore_cleanup_errors=True) as directory:
        server = SecureKafka(Path(directory), [*SERVICES, SUBSCRIBER, STRANGER, GUEST])
        server.start()
        try:
            await make_topics(bus_of(server, ADMIN))
            await asyncio.to_thread(AclClient(bus_of(server, ADMIN)).create, ACCESS.rules())
            yield server
        finally:
            server.kill()


def bus_of(server: SecureKafka, user: str, prefix: str = "") -> Bus:
    """Return the bus as a user sees it who logs in with SCRAM."""
    return Bus(server.address, prefix, session_timeout_ms=2000, fetch_wait_ms=20, security=server.security(user))


@pytest.fixture
def command(secure_kafka: SecureKafka, monkeypatch: pytest.MonkeyPatch) -> Command:
    """A function that runs `townhall` as the cluster's administrator, and returns its result."""
    security = secure_kafka.security(ADMIN)
    settings = {
        "SERVERS": secure_kafka.address,
        "SECURITY_PROTOCOL": security.protocol,
        "CA_FILE": str(security.ca_file),
        "USERNAME": security.username,
        "PASSWORD": security.password,
    }
    for name, value in settings.items():
        monkeypatch.setenv(f"TOWNHALL_KAFKA_{name}", value)
    return lambda *arguments: CliRunner().invoke(townhall, arguments)
