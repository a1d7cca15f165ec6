"""Starting a server on a free port, in spite of races with other processes."""

import socket
from collections.abc import Callable
from time import monotonic
from typing import Final

from townhall.embedded.process import CannotStart, Child, last_line

HOST: Final = "127.0.0.1"
_POLL_EVERY: Final = 0.02
_PORT_IN_USE: Final = ("in use", "AddrInUse", "BindException")
"""Substrings of a server's log when its port is in use."""
_PREDECESSOR_RUNNING: Final = ("postmaster.pid", "shared memory block", "FileLock")
"""Substrings of a server's log while its previous process is still shutting down; a retry succeeds."""

Launch = Callable[[int], Child]
Ready = Callable[[Child, int], bool]


def free_port() -> int:
    """Return a port that is free now. Another process may take it before it is used; see `start_on_port`."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def start_on_port(launch: Launch, ready: Ready, *, port: int, within: float, name: str) -> tuple[Child, int]:
    """Launch a server, again after transient failures, until it is ready; return its process and port.

    Port 0 is another free port at each attempt. Raises `CannotStart` if it ends or isn't ready in time.
    """
    deadline = monotonic() + within
    while True:
        chosen = port or free_port()
        child = launch(chosen)
        if _became_ready(child, chosen, ready, deadline):
            return child, chosen
        log = child.log_tail()
        if child.exit_code is None:
            child.kill()
            raise CannotStart(f"{name} was not ready within {within:.0f} s; its log is {child.log}.")
        if port and any(text in log for text in _PORT_IN_USE):
            raise CannotStart(f"{name} can't listen on port {port}: it is in use.")
        transient = _PREDECESSOR_RUNNING if port else (*_PORT_IN_USE, *_PREDECESSOR_RUNNING)
        if monotonic() > deadline or not any(text in log for text in transient):
            raise CannotStart(f"{name} ended while starting: {last_line(log)} (log: {child.log})")
        child.wait(_POLL_EVERY)


def _became_ready(child: Child, port: int, ready: Ready, deadline: float) -> bool:
    while not child.wait(_POLL_EVERY):
        if ready(child, port):
            return True
        if monotonic() > deadline:
            return False
    return False
