"""Apache Kafka, as one KRaft process of broker and controller, from jars that Maven downloads."""

import os
import shutil
import tempfile
from contextlib import suppress
from importlib import resources
from pathlib import Path
from typing import Final
from uuid import uuid4

from typing_extensions import override

from townhall.embedded.kafka_probe import broker_ready
from townhall.embedded.ports import HOST, free_port
from townhall.embedded.process import CannotStart, Child, last_line, run
from townhall.embedded.server import Server

VERSION: Final = "4.3.1"
JARS: Final = "TOWNHALL_KAFKA_JARS"
"""Environment variable: a directory of jars, to use instead of Maven."""
SETTINGS: Final = "server.properties"
LOGGING: Final = "log4j2.properties"
_HEAP: Final = (
    "-Xms128m", "-Xmx256m", "-XX:+UseSerialGC", "-XX:MaxDirectMemorySize=64m", "-XX:ReservedCodeCacheSize=48m",
    "-XX:TieredStopAtLevel=1", "-Xss512k", "-XX:+ExitOnOutOfMemoryError",
)  # fmt: skip


class Kafka(Server):
    """A single-node cluster; topics and messages survive restarts."""

    NAME = "Apache Kafka"
    READY_WITHIN = 120
    durable: Final = True
    """Whether topics and messages survive the process."""

    @property
    def _cluster(self) -> str:
        return (self.directory / "cluster-id").read_text()

    @override
    def _prepare(self) -> None:
        """Format the directory once. The cluster id is written last, as a mark that it is complete."""
        if (self.directory / "cluster-id").exists():
            return
        (self.directory / LOGGING).write_text(_resource("kafka-log4j2.properties"))
        shutil.rmtree(self.directory / "data", ignore_errors=True)
        name = uuid4().hex[:22]
        self._configure(1, 2)
        command = [*_java(), "kafka.tools.StorageTool", "format", "-t", name, "-c", SETTINGS, *self._users()]
        done = run(command, cwd=self.directory)
        if done.returncode:
            raise CannotStart(f"Apache Kafka can't format {self.directory}: {last_line(done.stderr or done.stdout)}")
        (self.directory / "cluster-id").write_text(name)

    @override
    def _launch(self, port: int) -> Child:
        self._configure(port, free_port())
        return Child([*_java(), "kafka.Kafka", SETTINGS], log=self.directory / "kafka.log", cwd=self.directory)

    @override
    def _ready(self, _child: Child, port: int) -> bool:
        return broker_ready(port, cluster=self._cluster)

    def _configure(self, port: int, controller: int) -> None:
        """Write the settings. Paths in them are relative: Java reads such files as Latin-1."""
        properties = _resource("kafka.properties").format(host=HOST, port=port, controller=controller)
        (self.directory / SETTINGS).write_text(properties + self._more_settings(port, controller))

    def _users(self) -> list[str]:
        """Return arguments of the format command that add users."""
        return []

    def _more_settings(self, port: int, controller: int) -> str:
        """Return settings that follow the others; of two with the same name the later one counts."""
        del port, controller
        return ""


def _java() -> list[str]:
    java = shutil.which("java")
    if java is None:
        raise CannotStart("Apache Kafka needs Java 17 or newer: no `java` was found.")
    return [java, *_HEAP, f"-Dlog4j2.configurationFile=file:{LOGGING}", "-cp", f"{jars()}/*"]


def jars() -> Path:
    """Return the directory of Kafka's jars; downloads them with Maven the first time. Raises `CannotStart`."""
    if configured := os.environ.get(JARS):
        return Path(configured)
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "townhall"
    target = cache / f"kafka-{VERSION}"
    if not target.exists():
        cache.mkdir(parents=True, exist_ok=True)
        _fetch(cache, target)
    return target


def _fetch(cache: Path, target: Path) -> None:
    """Download the jars with Maven into a temporary directory and rename it when complete."""
    maven = shutil.which("mvn")
    if maven is None:
        raise CannotStart(
            f"Apache Kafka's jars need Maven, but there is no `mvn`. Install it, or set {JARS} to their directory."
        )
    with tempfile.TemporaryDirectory(dir=cache, ignore_cleanup_errors=True) as made:
        pom = Path(made) / "pom.xml"
        pom.write_text(_resource("kafka.pom.xml").replace("KAFKA_VERSION", VERSION))
        command = [
            maven,
            "-q",
            "-B",
            "-f",
            str(pom),
            "dependency:copy-dependencies",
            "-DincludeScope=runtime",
            "-DoutputDirectory=lib",
        ]
        done = run(command)
        if done.returncode:
            raise CannotStart(f"Maven could not download Apache Kafka's jars: {last_line(done.stderr or done.stdout)}")
        with suppress(OSError):  # another process was faster
            (Path(made) / "lib").rename(target)


def _resource(name: str) -> str:
    return resources.files("townhall.embedded").joinpath(name).read_text()
