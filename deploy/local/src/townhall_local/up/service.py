"""One service as a child process: started, asked whether it is ready, started again when it ends by itself."""

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

from townhall.embedded.child import Child, last_line, tail
from townhall.embedded.ports import HOST, free_port
from townhall_local.trouble import Trouble

STOP_WITHIN: Final = 20.0
"""Seconds a service may take to finish what is under way."""
_LONGEST_WAIT: Final = 3.0
_HEALTHY: Final = 10.0
_TRIES: Final = 3
_READY_WITHIN: Final = aiohttp.ClientTimeout(total=2)


class ServiceProcess:
    """One of the four, as `python -m <service> serve`."""

    def __init__(self, name: str, port: int, settings: Mapping[str, str], logs: Path) -> None:
        self.name = name
        self.port = port
        self._any_port = port == 0
        self._tries = _TRIES
        self.log = logs / f"{name}.log"
        self._env = _environment(name, {**settings, "HOST": HOST})
        self._child: Child | None = None
        self._failures = 0
        self._began = 0.0
        self._due: float | None = None

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://{HOST}:{self.port}"

    @property
    def pid(self) -> int:
        """Its process."""
        return self._child.pid if self._child else 0

    def start(self) -> None:
        """Start the process; it is not ready yet."""
        if self._any_port and self._tries:
            self.port = free_port()
        env = self._env | {f"{self.name.upper()}_PORT": str(self.port)}
        self._began, self._due = time.monotonic(), None
        self._child = Child([sys.executable, "-m", self.name, "serve"], log=self.log, env=env)

    async def ready(self, http: aiohttp.ClientSession) -> bool:
        """Tell whether this very process listens and says that it is ready; raise when it has ended."""
        if self.ended is not None:
            self._try_another_port()
        if not self._listens():
            return False
        try:
            async with http.get(f"{self.url}/readyz", timeout=_READY_WITHIN) as answer:
                ready = answer.status == HTTPStatus.OK
        except (aiohttp.ClientError, TimeoutError):
            return False
        self._tries = 0 if ready else self._tries
        return ready

    def _try_another_port(self) -> None:
        """Start once more when the port was free a moment ago and may not be any more."""
        self._tries -= 1
        if not self._any_port or self._tries <= 0:
            raise Trouble(
                f"The {self.name} service ended while starting: {last_line(tail(self.log))} (log: {self.log})"
            )
        self.start()

    @property
    def ended(self) -> int | None:
        """Its exit code, or None while it runs."""
        return self._child.exit_code if self._child else None

    def revive(self, tell: Callable[[str], None]) -> bool:
        """Start it again some time after it ended by itself, later each time; return whether it was started."""
        now = time.monotonic()
        if self.ended is not None and self._due is None:
            self._failures = 1 if now - self._began > _HEALTHY else self._failures + 1
            wait = min(_LONGEST_WAIT, 0.1 * 2**self._failures)
            self._due = now + wait
            tell(f"{self.name} ended ({_how(self.ended)}); it starts again in {wait:.1f} s")
        if self._due is None or now < self._due:
            return False
        self.start()
        return True

    def stop(self) -> None:
        """Ask it to finish and end."""
        if self._child:
            self._child.signal(signal.SIGTERM)

    def stopped(self, within: float) -> None:
        """Wait for its end; make it end when that takes too long."""
        if self._child and not self._child.ended(max(within, 0.0)):
            self._child.kill()

    def _listens(self) -> bool:
        """A free port may have gone to somebody else: only what this process holds counts."""
        try:
            listening = [each.laddr.port for each in psutil.Process(self.pid).net_connections("tcp4") if not each.raddr]
        except psutil.Error:
            return False
        return self.port in listening


def _environment(name: str, settings: Mapping[str, str]) -> dict[str, str]:
    """Return this process's environment with the service's settings, and no others for it from outside."""
    prefix = f"{name.upper()}_"
    others = {variable: value for variable, value in os.environ.items() if not variable.startswith(prefix)}
    return others | {prefix + variable: value for variable, value in settings.items()}


def _how(exit_code: int) -> str:
    return f"signal {-exit_code}" if exit_code < 0 else f"exit code {exit_code}"
