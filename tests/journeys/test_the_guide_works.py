"""docs/how-to/run-one-service.md, run as it stands."""

import asyncio
import os
import re
import secrets
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

from tests.architecture.repository import ROOT
from townhall.chassis.broker import Bus
from townhall.embedded import databases
from townhall.embedded.binaries import postgres_binaries
from townhall.embedded.ports import free_port
from townhall.testing.brokers import drop_topics
from townhall.testing.databases import Cluster

GUIDE = ROOT / "docs" / "how-to" / "run-one-service.md"
PATIENCE = 300


def blocks() -> list[str]:
    """Return the shell blocks of the guide, in order."""
    return re.findall(r"^```sh\n(.*?)^```$", GUIDE.read_text(), re.MULTILINE | re.DOTALL)


def run(script: str, env: dict[str, str], inside: Path) -> subprocess.CompletedProcess[str]:
    """Run a script in a shell that ends at the first command that fails; whatever it left running is killed."""
    command = ["bash", "-euxo", "pipefail", "-c", script]
    with (inside / "output.txt").open("w+") as output:
        shell = subprocess.Popen(
            command, env=env, cwd=inside, stdout=output, stderr=subprocess.STDOUT, start_new_session=True
        )
        try:
            code = shell.wait(PATIENCE)
        finally:
            with suppress(ProcessLookupError):
                os.killpg(shell.pid, signal.SIGKILL)
            shell.wait()
        output.seek(0)
        return subprocess.CompletedProcess(command, code, output.read())


async def test_every_command_of_the_guide_works(cluster: Cluster, bus: Bus, tmp_path: Path) -> None:
    """One service on a PostgreSQL and a broker that are there already, from an empty database to a published event."""
    programs = (Path(sys.executable).parent, postgres_binaries((os.getuid(), os.getgid())), os.environ["PATH"])
    name = f"guide_{secrets.token_hex(4)}"
    places = {"POSTGRES_URL": cluster.admin, "KAFKA": bus.servers, "PREFIX": bus.prefix}
    env = places | {"PATH": ":".join(map(str, programs)), "DATABASE": name, "PORT": str(free_port())}
    await drop_topics(bus)
    try:
        done = await asyncio.to_thread(run, "\n".join(blocks()), env, tmp_path)
    finally:
        await databases.remove(cluster.admin, name)
    assert done.returncode == 0, f"{done.stdout}\n{(tmp_path / 'proposal.log').read_text()[-3000:]}"
    assert "201 Created" in done.stdout
