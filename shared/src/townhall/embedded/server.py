"""What the embedded servers have in common: their life, from `start()` to `stop()` or `kill()`."""

import signal
from abc import ABC, abstractmethod
from pathlib import Path
from typing import ClassVar

from townhall.embedded.child import Child
from townhall.embedded.ports import HOST, on_a_port


class Server(ABC):
    """A server in a directory of its own; it keeps its port from one start to the next.

    Start it from the main thread: it ends with the thread that started it.
    """

    NAME: ClassVar[str]
    """What people call it, in messages."""
    READY_WITHIN: ClassVar[float]
    """Seconds it may take to start."""
    STOP: ClassVar[signal.Signals] = signal.SIGTERM
    """The signal that ends it in order; it is also sent when the parent dies."""
    STOP_WITHIN: ClassVar[float] = 30

    def __init__(self, directory: Path, *, port: int = 0) -> None:
        self.directory = directory.absolute()
        self.port = port
        self._child: Child | None = None

    def start(self) -> None:
        """Start it, with the data of the last time if it keeps any; return when it takes requests."""
        self.directory.mkdir(parents=True, exist_ok=True)
        self._prepare()
        self._child, self.port = on_a_port(
            self._launch, self._ready, port=self.port, within=self.READY_WITHIN, name=self.NAME
        )

    def stop(self) -> None:
        """End it in order, or by force when that takes too long."""
        if self._child:
            self._child.end(self.STOP, within=self.STOP_WITHIN)

    def kill(self) -> None:
        """End it as a crash would."""
        if self._child:
            self._child.kill()

    @property
    def pid(self) -> int:
        """The process id, or 0 before the start."""
        return self._child.pid if self._child else 0

    @property
    def running(self) -> bool:
        """Whether its process is there."""
        return self._child is not None and self._child.exit_code is None

    @property
    def address(self) -> str:
        """Host and port."""
        return f"{HOST}:{self.port}"

    @abstractmethod
    def _prepare(self) -> None:
        """Make what must be in the directory before a start."""

    @abstractmethod
    def _launch(self, port: int) -> Child:
        """Start the process, to listen on this port."""

    @abstractmethod
    def _ready(self, child: Child, port: int) -> bool:
        """Tell whether this very process takes requests on this port."""
