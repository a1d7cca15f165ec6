"""PostgreSQL URLs, as libpq writes them: read once, for SQLAlchemy, asyncpg and Alembic alike.

Options that are not supported are refused: asyncpg would send them to the server as settings of the session.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias
from urllib.parse import SplitResult, quote, unquote, urlencode, urlsplit

import asyncpg
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from townhall.chassis import libpq_options
from townhall.chassis.libpq_options import InvalidDatabaseUrl
from townhall.chassis.transient import passing

_PORT: Final = "5432"
_DEFAULTS: Final = ("prefer", "any")
_SCHEMES: Final = ("postgresql", "postgres", "postgresql+asyncpg", "postgres+asyncpg")


Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record]"


@dataclass(frozen=True, slots=True)
class DatabaseUrl:
    """Where a database is, and how to log in there. Never shows its password."""

    hosts: tuple[tuple[str, int], ...]
    """Host and port of each server, in the order in which they are tried. A host that begins with / is a directory
    of Unix sockets."""
    database: str
    user: str
    password: str = field(repr=False)
    sslmode: str
    files: Mapping[str, str]
    """The paths of `sslrootcert`, `sslcert` and `sslkey`, as far as given. Read at each connection, so that renewed
    certificates need no restart."""
    target_session_attrs: str
    connect_timeout: float
    """Seconds to wait for each server."""

    @classmethod
    def parse(cls, url: "str | DatabaseUrl") -> "DatabaseUrl":
        """Read a URL, or return one that was read already; raises `InvalidDatabaseUrl`."""
        if isinstance(url, DatabaseUrl):
            return url
        parts = _split(url)
        options = libpq_options.options_of(parts.query)
        login, _, places = parts.netloc.rpartition("@")
        user, _, password = login.partition(":")
        hosts = tuple(_hosts(places, options))
        return cls(
            hosts,
            unquote(parts.path.removeprefix("/")),
            unquote(user),
            unquote(password),
            libpq_options.one_of("sslmode", libpq_options.SSL_MODES, options.get("sslmode", "prefer")),
            libpq_options.checked_files(options),
            libpq_options.session_attributes(options, many=len(hosts) > 1),
            libpq_options.seconds(options.get("connect_timeout") or ("5" if len(hosts) == 1 else "2")),
        )

    @property
    def encrypted(self) -> bool:
        """Whether nothing crosses a network in plain text: TLS is required, or all servers are on this machine."""
        return self.sslmode in libpq_options.SSL_MODES[3:] or all(host.startswith("/") for host, _ in self.hosts)

    @property
    def dsn(self) -> str:
        """The URL as asyncpg reads it; contains the password."""
        login = quote(self.user, safe="") + (f":{quote(self.password, safe='')}" if self.password else "")
        places = ",".join(f"{_quoted_host(host)}:{port}" for host, port in self.hosts)
        given = {"sslmode": self.sslmode, "target_session_attrs": self.target_session_attrs, **self.files}
        options = urlencode({name: value for name, value in given.items() if value not in _DEFAULTS})
        query = f"?{options}" if options else ""
        return f"postgresql://{login}{'@' if login else ''}{places}/{quote(self.database, safe='')}{query}"

    async def connect(self, **options: Any) -> Connection:  # noqa: ANN401  what asyncpg takes
        """Connect to the first server that answers in time and fits; raises what the last one raised.

        Each server has its own deadline: with asyncpg's own, over all servers, a silent first one leaves no time for
        the others. A refusal that another server would repeat, such as a wrong password, is raised at once.
        """
        for host, port in self.hosts[:-1]:
            try:
                return await self._connect_to(host, port, options)
            except Exception as error:
                if _repeats_elsewhere(error):
                    raise
        return await self._connect_to(*self.hosts[-1], options)

    async def _connect_to(self, host: str, port: int, options: Mapping[str, Any]) -> Connection:
        return await asyncpg.connect(
            self.dsn, **{**options, "host": host, "port": port, "timeout": self.connect_timeout}
        )

    def engine(self, connect_args: Mapping[str, Any], **options: Any) -> AsyncEngine:  # noqa: ANN401  SQLAlchemy's
        """Return an engine whose connections `connect` opens. It has no URL that could be shown."""
        arguments = {**connect_args, "async_creator_fn": self.connect}
        return create_async_engine("postgresql+asyncpg://", connect_args=arguments, hide_parameters=True, **options)


def _quoted_host(host: str) -> str:
    return f"[{host}]" if ":" in host else quote(host, safe="")


def _repeats_elsewhere(error: Exception) -> bool:
    """Return whether another server would refuse for the same reason: login, database name, the code itself."""
    state = str(getattr(error, "sqlstate", None) or "")
    return state.startswith(("28", "3D")) or not passing(error)


def _split(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
    except ValueError:
        raise InvalidDatabaseUrl("is not a URL") from None
    if parts.scheme not in _SCHEMES or not re.match(r"[a-z+]+://\S+$", url):
        raise InvalidDatabaseUrl("must begin with postgresql:// and have no spaces")
    if "@" in f"{parts.path}{parts.query}{parts.fragment}" or parts.fragment:
        raise InvalidDatabaseUrl("has a special character in its user name or password that must be percent-encoded")
    return parts


def _hosts(places: str, options: Mapping[str, str]) -> Iterator[tuple[str, int]]:
    """Yield host and port of each server, from the authority of the URL or from the options `host` and `port`."""
    if places and "host" in options:
        raise InvalidDatabaseUrl("has a host twice")
    ports = options.get("port", "").split(",")
    for number, place in enumerate((places or options.get("host", "")).split(",")):
        found = re.fullmatch(r"(?:\[(?P<v6>[0-9a-fA-F:.]+)\]|(?P<name>[^\[\]:]*))(?::(?P<port>\d*))?", place)
        if found is None:
            raise InvalidDatabaseUrl("has a host that is not written host:port")
        port = found["port"] or (ports[number] if number < len(ports) else ports[-1]) or _PORT
        if not port.isdecimal() or not 0 < int(port) <= 65_535:  # noqa: PLR2004  the largest port
            raise InvalidDatabaseUrl("has a port that is no number from 1 to 65535")
        yield found["v6"] or unquote(found["name"]) or "localhost", int(port)
