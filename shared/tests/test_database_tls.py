"""Connections to a PostgreSQL with TLS: of the pool, of the driver alone, and of migrations. `make test-postgresql`."""

import tempfile
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode
from uuid import uuid4

import asyncpg
import pytest
import pytest_asyncio
from sqlalchemy import text

from shared.tests.certificates import Authority, written
from shared.tests.tls_postgres import BY_CERTIFICATE, TlsPostgres
from townhall.chassis import migrate
from townhall.chassis.database_url import DatabaseUrl
from townhall.chassis.db import Database
from townhall.embedded.ports import free_port
from townhall.testing.services import ClientOf

pytestmark = [pytest.mark.postgresql, pytest.mark.xdist_group("postgresql")]

_PRODUCTION = {
    "issuer": "https://issuer.example", "public_url": "https://voting.example", "allow_plaintext_broker": "true"
}  # fmt: skip
_TLS = "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()"


@dataclass(frozen=True)
class Server:
    """A running server, and what its clients have."""

    port: int
    password: str
    directory: Path
    authority: Authority

    def file(self, name: str, content: bytes) -> str:
        """Write a file for an option of a URL; return its path."""
        return written(self.directory, name, content)

    @property
    def ca(self) -> str:
        """The path of the authority's certificate."""
        return self.file("ca.pem", self.authority.pem)

    def url(self, places: str = "", *, user: str = "postgres", **options: str) -> str:
        """Return a URL with these options; by default for the name that the certificate is for."""
        login = user if user == BY_CERTIFICATE else f"{user}:{self.password}"
        return f"postgresql://{login}@{places or f'localhost:{self.port}'}/postgres?{urlencode(options)}"


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def server() -> AsyncIterator[Server]:
    """A server with TLS."""
    with tempfile.TemporaryDirectory(prefix="townhall-tls-", ignore_cleanup_errors=True) as name:
        authority, password, directory = Authority(), uuid4().hex, Path(name)
        postgres = TlsPostgres(directory / "postgres", authority, password=password)
        postgres.start()
        yield Server(postgres.port, password, directory, authority)
        postgres.kill()


async def encrypted(url: str) -> bool:
    """Return whether both the pool and the driver's own connections to this URL are encrypted."""
    db = Database(url, source="test")
    try:
        async with db.reading() as session:
            pooled = (await session.execute(text(_TLS))).scalar_one()
    finally:
        await db.close()
    connection = await db.session_url.connect()
    try:
        return bool(pooled and await connection.fetchval(_TLS))
    finally:
        await connection.close()


@pytest.mark.parametrize("mode", ["prefer", "require", "verify-ca", "verify-full"])
async def test_tls(server: Server, mode: str) -> None:
    """Every mode that allows TLS gets it, on every kind of connection."""
    assert await encrypted(server.url(sslmode=mode, sslrootcert=server.ca))


async def test_another_name(server: Server) -> None:
    """`verify-full` refuses a certificate for another name; `verify-ca` does not look at it."""
    places = f"127.0.0.1:{server.port}"
    assert await encrypted(server.url(places, sslmode="verify-ca", sslrootcert=server.ca))
    with pytest.raises(OSError, match="certificate verify failed"):
        await encrypted(server.url(places, sslmode="verify-full", sslrootcert=server.ca))


@pytest.mark.parametrize("mode", ["require", "verify-ca", "verify-full"])
async def test_another_authority(server: Server, mode: str) -> None:
    """A server that another authority vouches for is refused; with a root certificate `require` checks it too."""
    other = server.file("other.pem", Authority("another authority").pem)
    with pytest.raises(OSError, match="certificate verify failed"):
        await encrypted(server.url(sslmode=mode, sslrootcert=other))


async def test_plain_text_is_refused(server: Server) -> None:
    """The server takes no connection without TLS, and nothing falls back to that."""
    with pytest.raises(asyncpg.InvalidAuthorizationSpecificationError):
        await DatabaseUrl.parse(server.url(f"127.0.0.1:{server.port}", sslmode="disable")).connect()


async def test_a_client_certificate(server: Server) -> None:
    """A role can log in with a certificate instead of a password, and with nothing else."""
    admin = await DatabaseUrl.parse(server.url(sslmode="require")).connect()
    await admin.execute(f"CREATE ROLE {BY_CERTIFICATE} LOGIN")
    await admin.close()
    certificate, key = server.authority.issue(BY_CERTIFICATE)
    login = {"sslcert": server.file("client.pem", certificate), "sslkey": server.file("client.key", key)}
    verified = {"sslmode": "verify-full", "sslrootcert": server.ca}
    assert await encrypted(server.url(user=BY_CERTIFICATE, **verified, **login))
    with pytest.raises(asyncpg.InvalidAuthorizationSpecificationError):
        await DatabaseUrl.parse(server.url(user=BY_CERTIFICATE, **verified)).connect()


async def test_a_service_over_tls(server: Server, client_of: ClientOf) -> None:
    """Migrations, the API and the second of two hosts: one URL for all."""
    places = f"127.0.0.1:{free_port()},localhost:{server.port}"
    options = {"sslmode": "verify-full", "sslrootcert": server.ca, "target_session_attrs": "read-write"}
    url = server.url(places, **options)
    assert await migrate.upgrade(url, "voting") is not None
    client = await client_of(Database(url, source="voting"), environment="production", **_PRODUCTION)
    assert [each["version"] for each in (await client.get("/rules")).json()["items"]] == [1]
