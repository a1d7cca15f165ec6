"""A low-overhead HTTP/1.1 client connection, for load generation: an eighth of the CPU time of a general client.

The load generator shares the machine with the platform it loads. So requests are prepared bytes, sent as they are, and
responses are parsed by `httptools`, in C.
"""

import asyncio
from typing import Final, NamedTuple, cast
from urllib.parse import urlsplit

from httptools import HttpParserError, HttpResponseParser
from typing_extensions import override

from townhall_local.client.api import Unreachable
from townhall_local.client.retrying import TIMEOUT, RetryDelay

SERVICE_UNAVAILABLE: Final = 503
_RETRY_AFTER: Final = b"retry-after"


class HttpResponse(NamedTuple):
    """The parts of a response that callers need."""

    status: int
    body: bytes
    retry_after: str


class _ClientProtocol(asyncio.Protocol):
    """One request at a time, without pipelining."""

    def __init__(self) -> None:
        self._parser = HttpResponseParser(self)
        self._response: asyncio.Future[HttpResponse] | None = None
        self._reset()

    async def request(self, request: bytes, within: float) -> HttpResponse:
        """Send a request and return its response.

        Raises `ConnectionError` if the connection closes before the response is complete; it is closed after `within`
        seconds.
        """
        loop = asyncio.get_running_loop()
        self._response = loop.create_future()
        timer = loop.call_later(within, self.transport.abort)
        try:
            self.transport.write(request)
            return await self._response
        finally:
            timer.cancel()

    @property
    def usable(self) -> bool:
        """Whether another request may be sent."""
        return not self.transport.is_closing()

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)

    @override
    def data_received(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except HttpParserError:
            self.transport.abort()

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        if self._response and not self._response.done():
            self._response.set_exception(ConnectionResetError("no response, or an invalid one"))

    def _reset(self) -> None:
        self._body = b""
        self._retry_after = ""

    def on_header(self, name: bytes, value: bytes) -> None:
        """Called by the parser."""
        if name.lower() == _RETRY_AFTER:
            self._retry_after = value.decode("latin-1")

    def on_body(self, body: bytes) -> None:
        """Called by the parser, for each piece."""
        self._body += body

    def on_message_complete(self) -> None:
        """Called by the parser."""
        if not self._parser.should_keep_alive():
            self.transport.close()
        if self._response and not self._response.done():
            self._response.set_result(HttpResponse(self._parser.get_status_code(), self._body, self._retry_after))
        self._reset()


class HttpConnection:
    """A connection to one service that reconnects and resends the request after a failure or a 503.

    So every request must be safe to repeat. One request at a time.
    """

    def __init__(self, url: str, *, timeout: float = TIMEOUT) -> None:
        address = urlsplit(url)
        self._host, self._port = address.hostname or "", address.port or 80
        self._timeout = timeout
        self._protocol: _ClientProtocol | None = None

    async def request(self, request: bytes) -> HttpResponse:
        """Send the request until it is answered; raises `Unreachable` after the timeout."""
        retry = RetryDelay(self._timeout)
        while True:
            retry_after = ""
            try:
                response = await (await self._connect()).request(request, self._timeout)
                if response.status != SERVICE_UNAVAILABLE:
                    return response
                retry_after = response.retry_after
            except (OSError, TimeoutError):
                self.close()
            if not await retry.wait(retry_after):
                raise Unreachable(f"{self._host}:{self._port}: no answer in {self._timeout:.0f} s")

    def close(self) -> None:
        """Close the connection, without waiting for an outstanding response."""
        if self._protocol:
            self._protocol.transport.abort()
        self._protocol = None

    async def _connect(self) -> _ClientProtocol:
        if self._protocol is None or not self._protocol.usable:
            loop = asyncio.get_running_loop()
            async with asyncio.timeout(self._timeout):
                _, self._protocol = await loop.create_connection(_ClientProtocol, self._host, self._port)
        return self._protocol
