"""The lifecycle that all embedded servers share: `start()`, `stop()`, `kill()`."""

import signal
from abc import ABC, abstractmethod
from pathlib import Path
from typing import ClassVar

from townhall.embedded.ports import HOST, start_on_port
from townhall.embedded.process import Child


class Server(ABC):
    """A server with its own directory. It keeps its port across restarts.

    Start it from the main thread: it ends with the thread that started it.
    """

    NAME: ClassVar[str]
    """Its name in messages."""
    READY_WITHIN: ClassVar[float]
    """Seconds within which it must be ready."""
    STOP: ClassVar[signal.Signals] = signal.SIGTERM
    """The signal for an orderly shutdown."""
    STOP_WITHIN: ClassVar[float] = 30

    def __init__(self, directory: Path, *, port: int = 0) -> None:
        self.directory = directory.absolute()
        self.port = port
        self._child: Child | None = None

    def start(self) -> None:
        """Start the server with the data in its directory and wait until it is ready; raises `CannotStart`."""
        self.directory.mkdir(parents=True, exist_ok=True)
        self._prepare()
        self._child, self.port = start_on_port(
            self._launch, self._ready, port=self.port, within=self.READY_WITHIN, name=self.NAME
        )

    def stop(self) -> None:
        """Shut down; kill it after `STOP_WITHIN` seconds."""
        if self._child:
            self._child.terminate(self.STOP, within=self.STOP_WITHIN)

    def kill(self) -> None:
        """Send SIGKILL, as a crash."""
        if self._child:
            self._child.kill()

    @property
    def pid(self) -> int:
        """The process id, or 0 before the start."""
        return self._child.pid if self._child else 0

    @property
    def running(self) -> bool:
        """Whether its process runs."""
        return self._child is not None and self._child.exit_code is None

    @property
    def address(self) -> str:
        """`host:port`."""
        return f"{HOST}:{self.port}"

    @abstractmethod
    def _prepare(self) -> None:
        """Create what the directory must contain before a start."""

    @abstractmethod
    def _launch(self, port: int) -> Child:
        """Start the process, listening on this port."""

    @abstractmethod
    def _ready(self, child: Child, port: int) -> bool:
        """Return whether this process accepts requests on this port."""
