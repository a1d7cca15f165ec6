"""Checks of a request's head before anything acts on it, and the number of requests at once.

The server leaves these to the application: a missing, doubled or invalid `Host`, a path that is not spelt as its route
is, and compressed bodies.
"""

import re
from collections.abc import Mapping
from typing import ClassVar, Final

from starlette.types import ASGIApp, Receive, Scope, Send

from townhall.rejected import Rejected

_HOST: Final = re.compile(rb"(?:[A-Za-z0-9][A-Za-z0-9._-]{0,252}|\[[0-9A-Fa-f:.]{2,45}\])(?::[0-9]{1,5})?")
_PATH: Final = re.compile(rb"/|(?:/(?![0-9a-f]{32}(?:/|\Z))[a-z0-9._-]+)+")
"""Every path has one spelling: lower case, nothing percent-encoded, no empty segment, and ids with their hyphens."""
PROBES: Final = frozenset({"/livez", "/readyz", "/metrics"})
"""Answered however many requests there are, or a busy service would be taken for a dead one."""


class HostInvalid(Rejected):
    """No Host header, several, or one that is no host (RFC 9112, section 3.2)."""

    code = "host-invalid"
    status = 400
    title = "The request needs one valid Host header."


class PathNotFound(Rejected):
    """A path that no route has in this spelling; the same answer as for a path that no route has."""

    code = "not-found"
    status = 404
    title = "Not Found."


class BodyEncoded(Rejected):
    """Declared as compressed."""

    code = "body-encoded"
    status = 415
    title = "The request body must not have a Content-Encoding."
    headers: ClassVar[Mapping[str, str]] = {"Accept-Encoding": "identity", "Connection": "close"}


class Overloaded(Rejected):
    """As many requests as the settings allow are under way."""

    code = "overloaded"
    status = 503
    title = "Too many requests at this moment. Please try again."
    headers: ClassVar[Mapping[str, str]] = {"Retry-After": "1"}


class RequestChecks:
    """Raises a `Rejected` for a request that is refused by its head; passes all others on."""

    def __init__(self, app: ASGIApp, *, at_once: int) -> None:
        self._app = app
        self._at_once = at_once
        self._under_way = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Check the head and pass the request on, unless too many are under way."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        check(scope)
        if self._under_way >= self._at_once and scope["path"] not in PROBES:
            raise Overloaded
        self._under_way += 1
        try:
            await self._app(scope, receive, send)
        finally:
            self._under_way -= 1


def check(scope: Scope) -> None:
    """Raise why a request is refused by its head, if it is."""
    host = None
    encoded = False
    for name, value in scope["headers"]:  # One pass: this runs for every request.
        if name == b"host":
            if host is not None:
                raise HostInvalid
            host = value
        elif name == b"content-encoding":
            encoded = True
    if host is None or not _HOST.fullmatch(host):
        raise HostInvalid
    if not _PATH.fullmatch(scope["raw_path"]):
        raise PathNotFound
    if encoded:
        raise BodyEncoded
