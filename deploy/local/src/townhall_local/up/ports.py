"""Which ports the platform listens on."""

import socket
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from townhall.embedded.ports import HOST
from townhall_local.names import SERVICES
from townhall_local.trouble import Trouble

DEFAULT_BASE: Final = 8100


@dataclass(frozen=True, slots=True)
class Places:
    """A port for the issuer and for each service; 0 is any that is free."""

    issuer: int
    services: Mapping[str, int]


def places(base_port: int) -> Places:
    """Return the issuer's port and the services' behind it; on base port 0, whichever are free."""
    if base_port == 0:
        return Places(0, dict.fromkeys(SERVICES, 0))
    ports = [base_port + number for number in range(len(SERVICES) + 1)]
    taken = [str(port) for port in ports if not _is_free(port)]
    if taken:
        raise Trouble(
            f"Port {', '.join(taken)} on {HOST} is taken (perhaps by another `townhall up`): "
            "choose another --base-port, or 0 for any free ports."
        )
    return Places(ports[0], dict(zip(SERVICES, ports[1:], strict=True)))


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        # As servers do: a port whose last connections are still closing counts as free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
        return True
