"""Prometheus beside a platform, with the rules of `deploy/prometheus`: `townhall up --watch`."""

import http.client
import shutil
import signal
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from pydantic_core import to_json

from townhall.embedded.ports import HOST, start_on_port
from townhall.embedded.process import CannotStart, Child
from townhall_local.errors import CommandError
from townhall_local.running_platform import RunningPlatform

SHIPPED: Final = Path(__file__).parents[4] / "prometheus"
"""The configuration in the checkout that this command was installed from."""
_FILES: Final = ("prometheus.yaml", "rules.yaml")


class NotInstalled(Exception):
    """Prometheus can't be started here. The text says how to change that."""


@contextmanager
def prometheus(running: RunningPlatform, data_dir: Path) -> Iterator[str]:
    """Run Prometheus over the services while the block runs, and yield its URL.

    Raises `NotInstalled`, or `CommandError` if it doesn't start. Call it on the main thread, like `platform`.
    """
    program = _program()
    directory = data_dir.absolute() / "prometheus"
    _configure(directory, running)

    def launch(port: int) -> Child:
        argv: list[str | Path] = [
            program, f"--config.file={directory / 'prometheus.yaml'}", f"--storage.tsdb.path={directory / 'data'}",
            f"--web.listen-address={HOST}:{port}", "--storage.tsdb.retention.time=7d", "--log.level=warn",
        ]  # fmt: skip
        return Child(argv, log=data_dir / "logs" / "prometheus.log", parent_death_signal=signal.SIGTERM)

    try:
        child, port = start_on_port(launch, _ready, port=0, within=60.0, name="Prometheus")
    except CannotStart as error:
        raise CommandError(str(error)) from error
    try:
        yield f"http://{HOST}:{port}"
    finally:
        child.terminate(signal.SIGTERM, within=10.0)


def _program() -> str:
    found = shutil.which("prometheus")
    if found is None:
        raise NotInstalled(
            "Prometheus is not installed: `apt-get install prometheus` on Debian and Ubuntu, or the archive of the "
            "Prometheus project; then start again."
        )
    if not SHIPPED.is_dir():
        raise NotInstalled("The rules are not here: run `townhall` from a checkout that has deploy/prometheus.")
    return found


def _configure(directory: Path, running: RunningPlatform) -> None:
    """Copy the configuration as it is shipped, with the addresses of this platform in place of its targets."""
    targets = directory / "targets"
    targets.mkdir(parents=True, exist_ok=True)
    for name in _FILES:
        shutil.copyfile(SHIPPED / name, directory / name)
    found = [
        {"targets": [urlsplit(url).netloc], "labels": {"service": service}} for service, url in running.urls.items()
    ]
    (targets / "townhall.yaml").write_bytes(to_json(found))


def _ready(_child: Child, port: int) -> bool:
    connection = http.client.HTTPConnection(HOST, port, timeout=1)
    with suppress(OSError, http.client.HTTPException), closing(connection):
        connection.request("GET", "/-/ready")
        return connection.getresponse().status == http.HTTPStatus.OK
    return False
