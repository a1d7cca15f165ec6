"""The parser of database URLs: what libpq understands is understood, everything else is refused before a connection."""

import socket
import time
from pathlib import Path

import pytest

from shared.tests.certificates import Authority, written
from townhall.chassis.database_url import DatabaseUrl
from townhall.chassis.libpq_options import InvalidDatabaseUrl
from townhall.embedded.ports import HOST, free_port

_SECRET = "hunter2"


def refusal(url: str) -> str:
    """Return why a URL is refused; the password is never repeated."""
    with pytest.raises(InvalidDatabaseUrl) as refused:
        DatabaseUrl.parse(url)
    assert _SECRET not in str(refused.value)
    return str(refused.value)


@pytest.mark.parametrize(
    ("authority", "hosts"),
    [
        ("db", (("db", 5432),)),
        ("db:6432", (("db", 6432),)),
        ("a,b:1,c:2", (("a", 5432), ("b", 1), ("c", 2))),
        ("[::1]:6432,[fe80::1]", (("::1", 6432), ("fe80::1", 5432))),
        ("%2Frun%2Fpostgresql", (("/run/postgresql", 5432),)),
        ("", (("localhost", 5432),)),
    ],
)
def test_hosts(authority: str, hosts: tuple[tuple[str, int], ...]) -> None:
    """One host or several, by name, address or directory of sockets, each with a port; and written back alike."""
    url = DatabaseUrl.parse(f"postgresql://voting:p%40ss%2F@{authority}/vo%20te?target_session_attrs=read-write")
    assert url.hosts == hosts
    assert (url.user, url.password, url.database) == ("voting", "p@ss/", "vo te")
    assert DatabaseUrl.parse(url.dsn) == url


def test_hosts_as_options() -> None:
    """Hosts and ports may be options, as for a directory of sockets; one port is for all."""
    assert DatabaseUrl.parse("postgresql:///voting?host=/run/postgresql").hosts == (("/run/postgresql", 5432),)
    options = "host=a,b&port=6432&target_session_attrs=primary"
    assert DatabaseUrl.parse(f"postgres://u@/voting?{options}").hosts == (("a", 6432), ("b", 6432))


def test_the_password_is_not_shown() -> None:
    """Neither in the object nor in the engine it makes."""
    url = DatabaseUrl.parse(f"postgresql+asyncpg://voting:{_SECRET}@db/voting")
    assert _SECRET not in repr(url)
    assert _SECRET not in repr(url.engine({}))


@pytest.mark.parametrize(
    ("url", "named"),
    [
        ("mysql://db/voting", "postgresql://"),
        ("postgresql://db/vo ting", "spaces"),
        ("postgresql://u:hunter2#x@db/voting", "percent-encoded"),
        ("postgresql://u:?hunter2@db/voting", "percent-encoded"),
        ("postgresql://u:/hunter2@db/voting", "percent-encoded"),
        ("postgresql://db/voting?sslmod=require", "sslmod"),
        ("postgresql://db/voting?channel_binding=require", "channel_binding"),
        ("postgresql://db/voting?application_name=x", "application_name"),
        ("postgresql://db/voting?HUNTER2=1", "an option"),
        ("postgresql://db/voting?sslmode", "name=value"),
        ("postgresql://db/voting?sslmode=require&sslmode=disable", "twice"),
        ("postgresql://db/voting?sslmode=maybe", "verify-full"),
        ("postgresql://db/voting?sslmode=verify-full", "sslrootcert"),
        ("postgresql://db/voting?sslrootcert=/nowhere/hunter2", "sslrootcert"),
        ("postgresql://db/voting?sslrootcert=system", "sslrootcert"),
        ("postgresql://db/voting?sslcert=/etc/hostname", "sslkey"),
        ("postgresql://db/voting?connect_timeout=soon", "connect_timeout"),
        ("postgresql://db/voting?target_session_attrs=standby", "read-write"),
        ("postgresql://a,b/voting", "target_session_attrs"),
        ("postgresql://db:70000/voting", "port"),
        ("postgresql://db:x/voting", "host:port"),
        ("postgresql://db/voting?host=other", "host twice"),
    ],
)
def test_what_is_refused(url: str, named: str) -> None:
    """The refusal says what is wrong; nothing unknown reaches the server as a setting."""
    assert named in refusal(url)


def test_files_are_loaded_once_at_the_start(tmp_path: Path) -> None:
    """A file that is no certificate, or a key of another one, is refused before the service starts."""
    certificate, _ = Authority().issue("voting")
    _, other_key = Authority().issue("voting")
    files = {
        "empty": written(tmp_path, "empty.pem", b""),
        "cert": written(tmp_path, "cert.pem", certificate),
        "key": written(tmp_path, "key.pem", other_key),
    }
    assert "certificate" in refusal(f"postgresql://db/voting?sslmode=verify-ca&sslrootcert={files['empty']}")
    assert "certificate" in refusal(f"postgresql://db/voting?sslcert={files['cert']}&sslkey={files['key']}")


@pytest.mark.parametrize(
    ("rest", "encrypted"),
    [
        ("db/v", False),
        ("db/v?sslmode=prefer", False),
        ("db/v?sslmode=require", True),
        ("%2Frun/v", True),
        ("%2Frun,db/v?target_session_attrs=any", False),
    ],
)
def test_what_counts_as_encrypted(rest: str, *, encrypted: bool) -> None:
    """TLS that is required, or sockets of this machine; TLS that is only preferred is none."""
    assert DatabaseUrl.parse(f"postgresql://{rest}").encrypted is encrypted


async def test_each_host_has_its_own_deadline() -> None:
    """A host that accepts connections and never answers takes its share of the time and no more."""
    with socket.create_server((HOST, 0)) as silent:
        places = f"{HOST}:{silent.getsockname()[1]},{HOST}:{free_port()}"
        url = DatabaseUrl.parse(f"postgresql://u:p@{places}/v?target_session_attrs=read-write&connect_timeout=1")
        began = time.monotonic()
        with pytest.raises(ConnectionRefusedError):  # by the second
            await url.connect()
        assert time.monotonic() - began < 3
