"""Callers over raw sockets: what they send is bytes, and nothing corrects it on the way."""

import re
import select
import socket
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from time import monotonic
from typing import Final, Self

from typing_extensions import override

from townhall.embedded.ports import HOST

LENGTH: Final = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
ENOUGH: Final = 8.0
"""Seconds a test waits for a server that should answer or close within two."""
RESET_ON_CLOSE: Final = struct.pack("ii", 1, 0)


@dataclass(frozen=True, slots=True)
class Answer:
    """One response, taken apart."""

    status: int
    head: bytes
    body: bytes

    def header(self, name: str) -> str | None:
        """Return the first header of that name."""
        found = re.search(rb"\r\n%b: *([^\r]*)" % re.escape(name.encode()), self.head, re.IGNORECASE)
        return found[1].decode("latin-1") if found else None


@dataclass(frozen=True, slots=True)
class Seen:
    """What a caller got until the connection ended, or until nothing came any more."""

    answers: tuple[Answer, ...]
    closed: bool
    seconds: float

    @property
    def statuses(self) -> list[int]:
        """The statuses in the order of the answers."""
        return [answer.status for answer in self.answers]

    @override
    def __str__(self) -> str:
        got = " ".join(map(str, self.statuses)) or "no answer"
        return f"{got}, {'closed' if self.closed else 'kept open'} after {self.seconds:.1f} s"


class Caller:
    """One connection."""

    def __init__(self, port: int, *, receive_buffer: int = 0, source: str = HOST) -> None:
        """Connect from this address; a small receive buffer makes a caller who doesn't read stop the server soon."""
        self.socket = socket.socket()
        if receive_buffer:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.socket.settimeout(ENOUGH)
        try:
            self.socket.bind((source, 0))
            self.socket.connect((HOST, port))
        except OSError:
            self.socket.close()
            raise
        self.received = b""
        self.closed = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def send(self, *pieces: bytes) -> Self:
        """Send the pieces one after the other, for as long as the server takes them."""
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            for piece in pieces:
                self.socket.sendall(piece)
        except OSError:
            self.closed = True
        return self

    def drip(self, piece: bytes, *, every: float, within: float = ENOUGH) -> Seen:
        """Send the same piece again and again until the server ends the connection; return what it said."""
        began = monotonic()
        while not self.closed and monotonic() - began < within:
            if not self.readable(every):
                self.send(piece)
            elif not self._receive():
                break
        return Seen(answers_in(self.received), self.closed, monotonic() - began)

    def half_close(self) -> Self:
        """Say that nothing more comes; go on reading."""
        self.socket.shutdown(socket.SHUT_WR)
        return self

    def vanish(self) -> None:
        """Reset the connection, as a device does that lost its network."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
        self.socket.close()

    def readable(self, within: float) -> bool:
        """Wait until something came, or the connection ended."""
        return bool(select.select([self.socket], [], [], within)[0])

    def seen(self, within: float = ENOUGH) -> Seen:
        """Read until the server ends the connection, or for so many seconds."""
        began = monotonic()
        while not self.closed and (left := began + within - monotonic()) > 0 and self.readable(left):
            self._receive()
        return Seen(answers_in(self.received), self.closed, monotonic() - began)

    def ended(self, within: float) -> bool:
        """Tell whether the server ends the connection in time, without reading what it sent before."""
        poll = select.poll()
        poll.register(self.socket, select.POLLHUP | select.POLLERR)
        return bool(poll.poll(within * 1000))

    def answered(self, count: int = 1, within: float = ENOUGH) -> list[Answer]:
        """Read until there are so many answers; fewer when the connection ended or time is over."""
        began = monotonic()
        while len(answers_in(self.received)) < count and not self.closed:
            if not self.readable(max(0.0, began + within - monotonic())):
                break
            self._receive()
        return list(answers_in(self.received))

    def _receive(self) -> bool:
        try:
            data = self.socket.recv(1 << 16)
        except OSError:
            data = b""
        self.received += data
        self.closed = self.closed or not data
        return bool(data)


def answers_in(received: bytes) -> tuple[Answer, ...]:
    """Take the whole responses apart; interim ones are left out, and so is one that is not whole."""
    found = []
    while (end := received.find(b"\r\n\r\n")) >= 0 and received.startswith(b"HTTP/1."):
        head, received = received[: end + 2], received[end + 4 :]
        status, length = int(head[9:12]), LENGTH.search(head)
        size = int(length[1]) if length else 0
        if len(received) < size:
            break
        if status >= 200:
            found.append(Answer(status, head, received[:size]))
        received = received[size:]
    return tuple(found)


def request(
    method: str, target: str, *headers: str, body: bytes | None = None, host: str = "voting.test", close: bool = False
) -> bytes:
    """Write a request with a good head."""
    lines = [f"{method} {target} HTTP/1.1", f"Host: {host}", *headers]
    lines += [f"Content-Length: {len(body)}", "Content-Type: application/json"] if body is not None else []
    lines += ["Connection: close"] if close else []
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + (body or b"")


def ask(port: int, *pieces: bytes, within: float = ENOUGH, source: str = HOST) -> Seen:
    """Send the pieces over a connection of their own; return what came of it."""
    with Caller(port, source=source) as caller:
        return caller.send(*pieces).seen(within)


def statuses(answers: Sequence[Answer]) -> list[int]:
    """Return the statuses of answers."""
    return [answer.status for answer in answers]
