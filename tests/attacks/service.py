"""Voting as it is served: a process of its own on a free port, with short timers, over a real database."""

import os
import secrets
import signal
import socket
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.attacks.callers import ask, request
from townhall.embedded.issuer import AUDIENCE
from townhall.embedded.ports import HOST, start_on_port
from townhall.embedded.process import Child

KEY: Final = secrets.token_hex(32)
READY_WITHIN: Final = 30.0
NO_BROKER: Final = "127.0.0.1:9"
"""Nobody listens there: ballots and totals need no broker."""

HEAD: Final = 1.0
"""Seconds a head may take here, and a connection be idle."""
BODY: Final = 0.5
"""Seconds a body may take here."""
GRACE: Final = 1.5
"""Seconds requests under way have at the end."""
WRITE: Final = 1.0
"""Seconds a caller may leave an answer unread."""
CONNECTIONS: Final = 100
"""Connections at once."""
SHORT: Final[Mapping[str, object]] = {
    "keep_alive_seconds": HEAD,
    "body_seconds": BODY,
    "write_seconds": WRITE,
    "connections": CONNECTIONS,
    "stop_seconds": GRACE,
}
"""The settings that say so."""


@dataclass(frozen=True, slots=True)
class Service:
    """A running process and where it listens."""

    child: Child
    port: int
    env: Mapping[str, str]

    def peak(self) -> float:
        """Return the most memory it had resident since `forget_peak`, in MB."""
        return self._memory("VmHWM")

    def resident(self) -> float:
        """Return its resident memory, in MB."""
        return self._memory("VmRSS")

    def forget_peak(self) -> float:
        """Let the peak begin at what is resident now; return that, in MB."""
        Path(f"/proc/{self.child.pid}/clear_refs").write_text("5")
        return self.resident()

    def descriptors(self) -> int:
        """Return how many files and sockets it has open."""
        return sum(1 for _ in Path(f"/proc/{self.child.pid}/fd").iterdir())

    def processes(self) -> set[int]:
        """Return every process of its session, itself included."""
        return in_session(self.child.pid)

    def kill(self) -> None:
        """End it as a crash would."""
        self.child.kill()

    def _memory(self, line: str) -> float:
        text = Path(f"/proc/{self.child.pid}/status").read_text()
        return int(text.partition(f"{line}:")[2].split()[0]) / 1024


def settings(database_url: str, issuer: str, jwks: Path, **more: object) -> dict[str, str]:
    """Return the environment of a voting service; keyword arguments replace settings."""
    usual: dict[str, object] = {
        "environment": "local", "host": HOST, "database_url": database_url, "kafka_servers": NO_BROKER,
        "issuer": issuer, "audience": AUDIENCE, "jwks_url": jwks, "person_key": KEY, "master_key": KEY,
        "log_level": "warning",
    }  # fmt: skip
    named = {f"VOTING_{name.upper()}": str(value) for name, value in (usual | dict(SHORT) | more).items()}
    return dict(os.environ) | named


def start(env: Mapping[str, str], log: Path) -> Service:
    """Start the service and return once it answers."""
    child, chosen = start_on_port(
        lambda free: launch(env, log, free), _answers, port=0, within=READY_WITHIN, name="voting"
    )
    return Service(child, chosen, env)


def launch(env: Mapping[str, str], log: Path, port: int) -> Child:
    """Start the process and return at once."""
    # SIGKILL with its parent: a test run that is stopped leaves nothing behind.
    argv = [sys.executable, "-m", "voting", "serve"]
    return Child(argv, log=log, env={**env, "VOTING_PORT": str(port)}, parent_death_signal=signal.SIGKILL)


def _answers(child: Child, port: int) -> bool:
    del child
    with suppress(OSError):
        return ask(port, request("GET", "/rules", close=True)).statuses == [200]
    return False


def listens(port: int) -> bool:
    """Tell whether anything takes connections on the port."""
    with socket.socket() as probe:
        return probe.connect_ex((HOST, port)) == 0


def in_session(leader: int) -> set[int]:
    """Return the processes of a session."""
    found = set()
    for entry in Path("/proc").iterdir():
        with suppress(OSError, ValueError):
            if os.getsid(int(entry.name)) == leader:
                found.add(int(entry.name))
    return found
