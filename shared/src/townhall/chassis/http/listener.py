"""Granian in this process, on a listening socket of ours: the one module that leans on a private part of it.

Granian opens its socket with SO_REUSEPORT, so that a second process on the same port would silently take half of the
connections. `_init_shared_socket` is where it opens it; the version is pinned, and `test_server.py` shows that a second
process fails.
"""

import resource
import socket
from typing import Any, Final

from granian._granian import SocketHolder
from granian.constants import HTTPModes, Interfaces
from granian.http import HTTP1Settings
from granian.log import LogLevels
from granian.server.embed import Server
from starlette.types import ASGIApp
from typing_extensions import override

from townhall.chassis.settings import ServiceSettings

BACKLOG: Final = 1024
"""Connections that may wait to be accepted."""
_SPARE_FILES: Final = 200
"""File descriptors for everything but callers. Without any left the server would spin."""
# Through the root logger, as everything is logged; no access log, since each request is a metric.
_LOGGING: Final[dict[str, Any]] = {
    "formatters": {},
    "handlers": {},
    "loggers": {"_granian": {"propagate": True}, "granian.access": {"propagate": False}},
}


def listen(host: str, port: int, *, write_seconds: float) -> socket.socket:
    """Return a listening socket; raises `OSError` if another process listens there. Port 0 takes a free one.

    The kernel drops a connection whose peer acknowledges nothing for `write_seconds` while data is being sent.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.create_server((host, port), family=family, backlog=BACKLOG)
    # Connections inherit both.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if hasattr(socket, "TCP_USER_TIMEOUT"):
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, round(write_seconds * 1000))
    return listener


class EmbeddedServer(Server):
    """Granian's embedded server on a socket that listens already. It takes the socket over."""

    def __init__(self, app: ASGIApp, listener: socket.socket, settings: ServiceSettings) -> None:
        host, port = listener.getsockname()[:2]
        super().__init__(
            app,
            host,
            port,
            interface=Interfaces.ASGINL,
            http=HTTPModes.http1,
            websockets=False,
            backlog=BACKLOG,
            backpressure=min(settings.connections, _files() - _SPARE_FILES),
            http1_settings=HTTP1Settings(
                header_read_timeout=round(settings.keep_alive_seconds * 1000), max_buffer_size=settings.head_bytes
            ),
            log_level=LogLevels.error,
            log_dictconfig=_LOGGING,
        )
        self._listener = listener

    @override
    def stop(self) -> None:
        """Take no more connections, finish the requests under way, and let `serve()` return."""
        super().stop()  # type: ignore[no-untyped-call]  # Granian's own

    @override
    def _init_shared_socket(self) -> None:
        self._shd = SocketHolder(self._listener.detach(), False, BACKLOG)  # type: ignore[assignment,call-arg]  # noqa: FBT003  # the stub has no signature


def _files() -> int:
    """Return how many files this process may open."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return 1_000_000 if soft == resource.RLIM_INFINITY else soft
