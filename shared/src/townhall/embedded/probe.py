"""Asking a Kafka-protocol broker who it is, with no client library."""

import socket
import struct
from typing import Final

from townhall.embedded.ports import HOST

_METADATA: Final = 3
_VERSION: Final = 2  # the first whose answer names the cluster
_CLIENT: Final = b"probe"
_NO_TOPICS: Final = struct.pack(">i", 0)


def answers(port: int, *, cluster: str) -> bool:
    """Tell whether a broker of this cluster answers, and says that it is among the cluster's brokers."""
    try:
        with socket.create_connection((HOST, port), timeout=1) as wire:
            said = _metadata(wire)
    except OSError:
        return False
    return cluster.encode() in said and HOST.encode() in said


def _metadata(wire: socket.socket) -> bytes:
    header = struct.pack(">hhih", _METADATA, _VERSION, 1, len(_CLIENT)) + _CLIENT
    request = header + _NO_TOPICS
    wire.sendall(struct.pack(">i", len(request)) + request)
    (size,) = struct.unpack(">i", _read(wire, 4))
    return _read(wire, size)


def _read(wire: socket.socket, size: int) -> bytes:
    got = b""
    while len(got) < size:
        more = wire.recv(size - len(got))
        if not more:
            raise ConnectionResetError
        got += more
    return got
