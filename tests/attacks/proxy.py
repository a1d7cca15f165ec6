"""The proxy as it is shipped, in a directory of the test's own: other ports and names, and shorter times."""

import os
import re
import shutil
import signal
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.attacks.callers import Caller, request
from townhall.embedded.ports import HOST, start_on_port
from townhall.embedded.process import CannotStart, Child

SHIPPED: Final = Path(__file__).parents[2] / "deploy" / "proxy"
NOWHERE: Final = 9
QUICK: Final = {
    "client_header_timeout 10s;": "client_header_timeout 2s;",
    "client_body_timeout 10s;": "client_body_timeout 1s;",
    "send_timeout 10s;": "send_timeout 1s;",
}
"""Times that are shorter in tests."""
ANY_RATE: Final = {"rate=200r/s;": "rate=9000r/s;"}
"""For tests of something else."""


@dataclass(frozen=True, slots=True)
class Proxy:
    """A running nginx."""

    child: Child
    port: int

    def stop(self) -> None:
        """End it with its workers, which a killed master would leave behind."""
        self.child.terminate(signal.SIGTERM, within=10.0)


def start(directory: Path, voting: Sequence[int], changes: Mapping[str, str] = QUICK) -> Proxy:
    """Start nginx in front of processes of voting; the other services are not there."""
    program = shutil.which("nginx", path=f"{os.environ.get('PATH', os.defpath)}:/usr/sbin")
    if program is None:
        raise CannotStart("nginx is not installed: apt-get install nginx libnginx-mod-stream")

    def launch(port: int) -> Child:
        _configure(directory, voting, port, changes)
        user = ["-g", "daemon off; user root;" if os.geteuid() == 0 else "daemon off;"]
        argv: list[str | Path] = [program, "-p", directory, "-c", directory / "nginx.conf", *user]
        return Child(argv, log=directory / "nginx.log", parent_death_signal=signal.SIGTERM)

    child, port = start_on_port(launch, _answers, port=0, within=10.0, name="nginx")
    return Proxy(child, port)


def _configure(directory: Path, voting: Sequence[int], port: int, changes: Mapping[str, str]) -> None:
    """Copy the configuration, with everything in it that depends on the place changed."""
    (directory / "temp").mkdir(parents=True, exist_ok=True)
    main = (SHIPPED / "nginx.conf").read_text()
    assert [text for text in changes if text not in main] == []
    for file in SHIPPED.glob("*.conf"):
        text = file.read_text().replace("/run/townhall-proxy", str(directory)).replace("townhall.example", "test")
        text = text.replace("listen 8080;", f"listen {HOST}:{port};")
        for shipped, here in changes.items():
            text = text.replace(shipped, here)
        (directory / file.name).write_text(_upstreams(text, voting) if file.name == "upstreams.conf" else text)


def _upstreams(text: str, voting: Sequence[int]) -> str:
    servers = "\n".join(f"    server {HOST}:{port} \\g<1>;" for port in voting)
    text = re.sub(r"    server 127\.0\.0\.1:9002 (.*);", servers, text)
    return re.sub(r"127\.0\.0\.1:900\d", f"{HOST}:{NOWHERE}", text)


def _answers(child: Child, port: int) -> bool:
    del child
    with suppress(OSError), Caller(port) as caller:
        return bool(caller.send(request("GET", "/livez", close=True)).answered())
    return False
