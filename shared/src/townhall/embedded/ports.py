"""Starting a server on a port nobody else has, while others look for one too."""

import socket
from collections.abc import Callable
from time import monotonic
from typing import Final

from townhall.embedded.child import CannotStart, Child, last_line

HOST: Final = "127.0.0.1"
_LOOK_EVERY: Final = 0.02
_PORT_LOST: Final = ("in use", "AddrInUse", "BindException")
"""Words in a server's log when another process was faster to take its port."""
_STILL_ENDING: Final = ("postmaster.pid", "shared memory block", "FileLock")
"""Words in a server's log while its predecessor is still ending; that passes by itself."""

Launch = Callable[[int], Child]
Ready = Callable[[Child, int], bool]


def free_port() -> int:
    """Return a port that is free now. Another process may take it first: start with `on_a_port`."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def on_a_port(launch: Launch, ready: Ready, *, port: int, within: float, name: str) -> tuple[Child, int]:
    """Launch until the server is ready; on port 0, with another free port each time. Return it and its port."""
    deadline = monotonic() + within
    while True:
        chosen = port or free_port()
        child = launch(chosen)
        if _came_up(child, chosen, ready, deadline):
            return child, chosen
        words = child.last_words()
        if child.exit_code is None:
            child.kill()
            raise CannotStart(f"{name} was not ready within {within:.0f} s; its log is {child.log}.")
        if port and any(word in words for word in _PORT_LOST):
            raise CannotStart(f"{name} can't listen on port {port}: it is taken.")
        passing = _STILL_ENDING if port else (*_PORT_LOST, *_STILL_ENDING)
        if monotonic() > deadline or not any(word in words for word in passing):
            raise CannotStart(f"{name} ended while starting: {last_line(words)} (log: {child.log})")
        child.ended(_LOOK_EVERY)


def _came_up(child: Child, port: int, ready: Ready, deadline: float) -> bool:
    while not child.ended(_LOOK_EVERY):
        if ready(child, port):
            return True
        if monotonic() > deadline:
            return False
    return False
