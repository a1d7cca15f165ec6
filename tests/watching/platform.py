"""The platform as a command, and the API of the Prometheus beside it."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import httpx

COMMAND: Final = [sys.executable, "-m", "townhall_local"]


@contextmanager
def townhall(*arguments: str | Path) -> Iterator["subprocess.Popen[str]"]:
    """Run a command that ends with SIGTERM."""
    with subprocess.Popen([*COMMAND, *map(str, arguments)], stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.send_signal(signal.SIGTERM)
            process.communicate()


def lines(process: "subprocess.Popen[str]") -> Iterator[str]:
    """Yield the lines of its output as they come."""
    assert process.stdout
    yield from iter(process.stdout.readline, "")


def get(api: httpx.Client, path: str, **query: str) -> Any:  # noqa: ANN401  the data of the answer
    """Return the data of a successful answer."""
    return api.get(path, params=query).raise_for_status().json()["data"]


def firing(api: httpx.Client) -> set[str]:
    """Return the names of the alerts that fire."""
    return {each["labels"]["alertname"] for each in get(api, "alerts")["alerts"] if each["state"] == "firing"}
