"""A readiness probe for Kafka-protocol brokers, without a client library."""

import socket
import ssl
import struct
from typing import Final

from townhall.embedded.ports import HOST

_METADATA: Final = 3
_VERSION: Final = 2  # the first version whose response has the cluster id
_CLIENT: Final = b"probe"
_NO_TOPICS: Final = struct.pack(">i", 0)


def broker_ready(port: int, *, cluster: str, tls: ssl.SSLContext | None = None) -> bool:
    """Return whether a broker answers a metadata request with this cluster id and itself among the brokers."""
    try:
        with _connected(port, tls) as connection:
            response = _metadata(connection)
    except OSError:
        return False
    return cluster.encode() in response and HOST.encode() in response


def _connected(port: int, tls: ssl.SSLContext | None) -> socket.socket:
    connection = socket.create_connection((HOST, port), timeout=1)
    return tls.wrap_socket(connection, server_hostname=HOST) if tls else connection


def _metadata(connection: socket.socket) -> bytes:
    header = struct.pack(">hhih", _METADATA, _VERSION, 1, len(_CLIENT)) + _CLIENT
    request = header + _NO_TOPICS
    connection.sendall(struct.pack(">i", len(request)) + request)
    (size,) = struct.unpack(">i", _read(connection, 4))
    return _read(connection, size)


def _read(connection: socket.socket, size: int) -> bytes:
    received = b""
    while len(received) < size:
        chunk = connection.recv(size - len(received))
        if not chunk:
            raise ConnectionResetError
        received += chunk
    return received
