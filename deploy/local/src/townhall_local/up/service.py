"""One service as a child process: start, readiness, restart with backoff, stop."""

import os
import signal
import sys
import time
from collections.abc import Callable, Mapping
from http import HTTPStatus
from pathlib import Path
from typing import Final

import aiohttp
import psutil

from townhall.embedded.ports import HOST, free_port
from townhall.embedded.process import Child, last_line, tail
from townhall_local.errors import CommandError

STOP_WITHIN: Final = 20.0
"""Seconds a service gets to finish its running requests."""
_LONGEST_DELAY: Final = 3.0
_HEALTHY: Final = 10.0
"""Seconds after which the next end counts as a first failure again."""
_START_ATTEMPTS: Final = 3
_READY_TIMEOUT: Final = aiohttp.ClientTimeout(total=2)


class ServiceProcess:
    """A child process that runs `python -m <service> serve`."""

    def __init__(self, name: str, port: int, settings: Mapping[str, str], logs: Path) -> None:
        self.name = name
        self.port = port
        self._any_port = port == 0
        self._attempts = _START_ATTEMPTS
        self.log = logs / f"{name}.log"
        self._env = _environment(name, {**settings, "HOST": HOST})
        self._child: Child | None = None
        self._failures = 0
        self._started_at = 0.0
        self._restart_at: float | None = None

    @property
    def url(self) -> str:
        """Its base URL."""
        return f"http://{HOST}:{self.port}"

    @property
    def pid(self) -> int:
        """Its process id, or 0 before the start."""
        return self._child.pid if self._child else 0

    def start(self) -> None:
        """Start the process without waiting until it is ready."""
        if self._any_port and self._attempts:
            self.port = free_port()
        env = self._env | {f"{self.name.upper()}_PORT": str(self.port)}
        self._started_at, self._restart_at = time.monotonic(), None
        self._child = Child([sys.executable, "-m", self.name, "serve"], log=self.log, env=env)

    async def ready(self, http: aiohttp.ClientSession) -> bool:
        """Return whether this process answers requests and has joined its consumer group.

        Raises `CommandError` if it has ended.
        """
        if self.ended is not None:
            self._try_another_port()
        if not self._listens():
            return False
        try:
            async with http.get(f"{self.url}/readyz", timeout=_READY_TIMEOUT) as answer:
                ready = answer.status == HTTPStatus.OK and (await answer.json())["details"].get("consumer_joined", True)
        except (aiohttp.ClientError, TimeoutError):
            return False
        self._attempts = 0 if ready else self._attempts
        return bool(ready)

    def _try_another_port(self) -> None:
        """Start on another free port: another process may have taken the first one in the meantime."""
        self._attempts -= 1
        if not self._any_port or self._attempts <= 0:
            raise CommandError(
                f"The {self.name} service ended while starting: {last_line(tail(self.log))} (log: {self.log})"
            )
        self.start()

    @property
    def ended(self) -> int | None:
        """Its exit code, or None while it runs."""
        return self._child.exit_code if self._child else None

    def restart_ended(self, notify: Callable[[str], None]) -> bool:
        """If the process ended unexpectedly, restart it after a delay that doubles each time.

        Returns at once; True if the process was restarted by this call.
        """
        now = time.monotonic()
        if self.ended is not None and self._restart_at is None:
            self._failures = 1 if now - self._started_at > _HEALTHY else self._failures + 1
            delay = min(_LONGEST_DELAY, 0.1 * 2**self._failures)
            self._restart_at = now + delay
            notify(f"{self.name} {_describe(self.ended)}; restarting it in {delay:.1f} s")
        if self._restart_at is None or now < self._restart_at:
            return False
        self.start()
        return True

    def stop(self) -> None:
        """Send SIGTERM."""
        if self._child:
            self._child.signal(signal.SIGTERM)

    def stopped(self, within: float) -> None:
        """Wait so many seconds for the process to end, then kill it."""
        if self._child and not self._child.wait(max(within, 0.0)):
            self._child.kill()

    def _listens(self) -> bool:
        """Whether this process holds the port; another one may have taken it since it was found free."""
        try:
            listening = [each.laddr.port for each in psutil.Process(self.pid).net_connections("tcp4") if not each.raddr]
        except psutil.Error:
            return False
        return self.port in listening


def _environment(name: str, settings: Mapping[str, str]) -> dict[str, str]:
    """Return this process's environment with exactly these settings for the service."""
    prefix = f"{name.upper()}_"
    others = {variable: value for variable, value in os.environ.items() if not variable.startswith(prefix)}
    return others | {prefix + variable: value for variable, value in settings.items()}


def _describe(exit_code: int) -> str:
    """Return how the process ended. Exit code 0 follows a SIGTERM, which `townhall replay` sends."""
    if exit_code == 0:
        return "stopped as requested (`townhall replay` does so)"
    return f"ended (signal {-exit_code})" if exit_code < 0 else f"ended (exit code {exit_code})"
