"""The ports the platform listens on."""

import socket
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from townhall.embedded.ports import HOST
from townhall_local.errors import CommandError
from townhall_local.service_names import SERVICES

DEFAULT_BASE: Final = 8100


@dataclass(frozen=True, slots=True)
class Ports:
    """The ports of the issuer and of each service; 0 stands for any free port."""

    issuer: int
    services: Mapping[str, int]


def ports_from(base_port: int) -> Ports:
    """Return the base port for the issuer and the following ones for the services; all 0 for base port 0.

    Raises `CommandError` if one of them is in use.
    """
    if base_port == 0:
        return Ports(0, dict.fromkeys(SERVICES, 0))
    ports = [base_port + number for number in range(len(SERVICES) + 1)]
    taken = [str(port) for port in ports if not _is_free(port)]
    if taken:
        raise CommandError(
            f"{_listed(taken)} in use on {HOST} (perhaps by another `townhall up`): "
            "choose another --base-port, or 0 for any free ports."
        )
    return Ports(ports[0], dict(zip(SERVICES, ports[1:], strict=True)))


def _listed(taken: list[str]) -> str:
    if len(taken) == 1:
        return f"Port {taken[0]} is"
    return f"Ports {', '.join(taken[:-1])} and {taken[-1]} are"


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        # Like a server: a port whose last connections are in TIME_WAIT counts as free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
        return True
