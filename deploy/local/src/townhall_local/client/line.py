"""A line to one service for very many small requests: an eighth of what they cost by a general HTTP client.

A load generator shares the machine with what it loads, so what a request costs here is taken from the platform. On a
line a request is bytes, sent as they are; `httptools`, in C, reads the answers.
"""

import asyncio
from typing import Final, NamedTuple, cast
from urllib.parse import urlsplit

from httptools import HttpParserError, HttpResponseParser
from typing_extensions import override

from townhall_local.client.api import Unreachable
from townhall_local.client.patience import SECONDS, Patience

SERVICE_UNAVAILABLE: Final = 503
_RETRY_AFTER: Final = b"retry-after"


class Answer(NamedTuple):
    """What came back."""

    status: int
    body: bytes
    retry_after: str


class _Connection(asyncio.Protocol):
    """One request at a time: it is written, its answer awaited, and only then the next may go."""

    def __init__(self) -> None:
        self._parser = HttpResponseParser(self)
        self._answer: asyncio.Future[Answer] | None = None
        self._begin()

    async def ask(self, request: bytes, within: float) -> Answer:
        """Raise `ConnectionError` when the connection ends before its answer, as it does after so many seconds."""
        loop = asyncio.get_running_loop()
        self._answer = loop.create_future()
        late = loop.call_later(within, self.transport.abort)
        try:
            self.transport.write(request)
            return await self._answer
        finally:
            late.cancel()

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
        if self._answer and not self._answer.done():
            self._answer.set_exception(ConnectionResetError("no answer, or none that can be read"))

    def _begin(self) -> None:
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
        if self._answer and not self._answer.done():
            self._answer.set_result(Answer(self._parser.get_status_code(), self._body, self._retry_after))
        self._begin()


class Line:
    """A connection that is made anew when it breaks. A request must be such that sending it again does no harm."""

    def __init__(self, url: str, *, patience: float = SECONDS) -> None:
        address = urlsplit(url)
        self._host, self._port = address.hostname or "", address.port or 80
        self._patience = patience
        self._connection: _Connection | None = None

    async def ask(self, request: bytes) -> Answer:
        """Send it until it is answered, or raise `Unreachable`."""
        patience = Patience(self._patience)
        while True:
            asked = ""
            try:
                answer = await (await self._connected()).ask(request, self._patience)
                if answer.status != SERVICE_UNAVAILABLE:
                    return answer
                asked = answer.retry_after
            except (OSError, TimeoutError):
                self.hang_up()
            if not await patience.rest(asked):
                raise Unreachable(f"{self._host}:{self._port}: no answer in {self._patience:.0f} s")

    def hang_up(self) -> None:
        """End the connection; an answer that is still to come is not read."""
        if self._connection:
            self._connection.transport.abort()
        self._connection = None

    async def _connected(self) -> _Connection:
        if self._connection is None or not self._connection.usable:
            loop = asyncio.get_running_loop()
            async with asyncio.timeout(self._patience):
                _, self._connection = await loop.create_connection(_Connection, self._host, self._port)
        return self._connection
