"""Apache Kafka, as one KRaft process of broker and controller, from the jars that Maven brings."""

import os
import shutil
import tempfile
from contextlib import suppress
from importlib import resources
from pathlib import Path
from typing import Final
from uuid import uuid4

from typing_extensions import override

from townhall.embedded.child import CannotStart, Child, last_line, run
from townhall.embedded.ports import HOST, free_port
from townhall.embedded.probe import answers
from townhall.embedded.server import Server

VERSION: Final = "4.3.1"
JARS: Final = "TOWNHALL_KAFKA_JARS"
"""The environment variable that names a directory of jars, where Maven can't be used."""
SETTINGS: Final = "server.properties"
LOGGING: Final = "log4j2.properties"
_HEAP: Final = (
    "-Xms128m", "-Xmx256m", "-XX:+UseSerialGC", "-XX:MaxDirectMemorySize=64m", "-XX:ReservedCodeCacheSize=48m",
    "-XX:TieredStopAtLevel=1", "-Xss512k", "-XX:+ExitOnOutOfMemoryError",
)  # fmt: skip


class Kafka(Server):
    """A cluster of one; it keeps its topics and messages from one start to the next."""

    NAME = "Apache Kafka"
    READY_WITHIN = 120
    durable: Final = True
    """Whether topics and their messages outlive the process."""

    @property
    def _cluster(self) -> str:
        return (self.directory / "cluster-id").read_text()

    @override
    def _prepare(self) -> None:
        """Name the cluster and format its directory, once; the name is written last, when all is done."""
        if (self.directory / "cluster-id").exists():
            return
        (self.directory / LOGGING).write_text(_resource("kafka-log4j2.properties"))
        shutil.rmtree(self.directory / "data", ignore_errors=True)
        name = uuid4().hex[:22]
        self._configure(1, 2)
        format_it = [*_java(), "kafka.tools.StorageTool", "format", "-t", name, "-c", SETTINGS]
        done = run(format_it, inside=self.directory)
        if done.returncode:
            raise CannotStart(f"Apache Kafka can't format {self.directory}: {last_line(done.stderr or done.stdout)}")
        (self.directory / "cluster-id").write_text(name)

    @override
    def _launch(self, port: int) -> Child:
        self._configure(port, free_port())
        return Child([*_java(), "kafka.Kafka", SETTINGS], log=self.directory / "kafka.log", inside=self.directory)

    @override
    def _ready(self, _child: Child, port: int) -> bool:
        return answers(port, cluster=self._cluster)

    def _configure(self, port: int, controller: int) -> None:
        """Write the settings. Paths in them are relative: Java reads such files as Latin-1."""
        filled = _resource("kafka.properties").format(host=HOST, port=port, controller=controller)
        (self.directory / SETTINGS).write_text(filled)


def _java() -> list[str]:
    java = shutil.which("java")
    if java is None:
        raise CannotStart("Apache Kafka needs Java 17 or newer: no `java` was found.")
    return [java, *_HEAP, f"-Dlog4j2.configurationFile=file:{LOGGING}", "-cp", f"{jars()}/*"]


def jars() -> Path:
    """Return the directory of Kafka's jars; Maven fills it the first time."""
    if named := os.environ.get(JARS):
        return Path(named)
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "townhall"
    place = cache / f"kafka-{VERSION}"
    if not place.exists():
        cache.mkdir(parents=True, exist_ok=True)
        _fetch(cache, place)
    return place


def _fetch(cache: Path, place: Path) -> None:
    """Have Maven copy the jars beside their place, and move them there when all have come."""
    maven = shutil.which("mvn")
    if maven is None:
        raise CannotStart(
            f"Apache Kafka's jars come by Maven: no `mvn` was found. Install it, or name their directory in {JARS}."
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
            raise CannotStart(f"Maven could not bring Apache Kafka's jars: {last_line(done.stderr or done.stdout)}")
        with suppress(OSError):  # another copy was faster
            (Path(made) / "lib").rename(place)


def _resource(name: str) -> str:
    return resources.files("townhall.embedded").joinpath(name).read_text()
