"""The platform as an operator runs it: processes started by `townhall up`, which tests can kill one by one."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

from sqlalchemy import text

from townhall.chassis.db import Database
from townhall.chassis.retrying import sleep
from townhall.testing.brokers import KIND
from townhall_local.client.api import Json, PublicApi, Refused
from townhall_local.client.issuer import issuer_at
from townhall_local.client.users import PlatformClient, TokenCache
from townhall_local.running_platform import FILE, RunningPlatform

CRASHING = Path(__file__).with_name("crashing")
TIMEOUT = 120.0


@dataclass
class PlatformProcesses:
    """A running `townhall up`, with methods to disturb and inspect it."""

    data_dir: Path
    crash_request: Path
    _databases: dict[str, Database] = field(default_factory=dict)

    @property
    def running(self) -> RunningPlatform:
        """The current addresses, from `townhall.json`."""
        return RunningPlatform.read(self.data_dir)

    def signal(self, service: str, number: signal.Signals = signal.SIGKILL) -> None:
        """Send a signal to a service's process."""
        with suppress(ProcessLookupError):
            os.kill(self.running.services[service].pid, number)

    def request_crash(self, crash_point: str) -> None:
        """Request one crash at a line of `crash_points.txt`. The request file is written atomically."""
        new = self.crash_request.with_suffix(".new")
        new.write_text(crash_point)
        new.rename(self.crash_request)

    async def crashed(self) -> None:
        """Wait until the requested crash has happened."""
        await wait_until(lambda: _gone(self.crash_request))

    async def rows(self, service: str, sql: str, **values: object) -> list[Any]:
        """Query a service's database, for what no API shows."""
        if service not in self._databases:
            self._databases[service] = Database(self.running.databases[service], source=service, pool_size=2)
        async with self._databases[service].reading() as session:
            return list((await session.execute(text(sql), values)).all())

    async def close(self) -> None:
        """Close the database connections; the next query reopens them."""
        for each in self._databases.values():
            await each.close()
        self._databases.clear()

    @asynccontextmanager
    async def client(self) -> AsyncIterator[PlatformClient]:
        """Open a client of the public APIs that retries for `TIMEOUT` seconds."""
        running = self.running
        async with issuer_at(running.issuer) as issuer, PublicApi(running.urls, timeout=TIMEOUT) as api:
            yield PlatformClient(api, TokenCache(issuer))


@contextmanager
def run_platform(directory: Path, settings: Mapping[str, str] | None = None) -> Iterator[PlatformProcesses]:
    """Run the platform in separate processes on free ports while the block runs."""
    directory.mkdir(exist_ok=True)
    crash_request = directory / "crash"
    env = dict(os.environ) | {"TOWNHALL_CRASH": str(crash_request), "PYTHONPATH": str(CRASHING)} | dict(settings or {})
    broker = os.environ.get(KIND, "tansu")
    arguments = ["up", "--data-dir", str(directory), "--base-port", "0", "--broker", broker]
    with (directory / "up.log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "townhall_local", *arguments], env=env, stdout=log, stderr=log
        )
    try:
        _wait_for(directory / FILE, process)
        yield PlatformProcesses(directory, crash_request)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(60)


def _wait_for(file: Path, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + TIMEOUT
    while not file.exists():
        assert process.poll() is None, "the platform ended while starting"
        assert time.monotonic() < deadline, "the platform was not ready in time"
        with suppress(subprocess.TimeoutExpired):
            process.wait(0.1)


async def wait_until(probe: Any, within: float = TIMEOUT) -> Any:  # noqa: ANN401  any result of the probe
    """Poll `probe` until its result is true; return that. Raises `TimeoutError`."""
    async with asyncio.timeout(within):
        while not (value := await probe()):
            await sleep(0.05)
    return value


async def _gone(file: Path) -> bool:
    return not file.exists()  # noqa: ASYNC240  one stat call


async def open_vote(client: PlatformClient, title: str, *, more_than: int, open_for: str | None = None) -> str:
    """Select a task of the government's and wait until its vote is open; return its id."""
    secretary, officer = client.user("secretary", "secretary"), client.user("officer", "officer")
    rule = {"article": "제5조", "parameters": {"yes_more_than": more_than, "ballots_changeable": True}}
    await secretary.post("voting", "/rules", rule)
    payload = {
        "title": title,
        "summary": title,
        "origin": "government",
        "proposal_ids": [],
        "reason": "public-interest",
    }
    task = await officer.post("proposal", "/tasks", payload | ({"closes_at": open_for} if open_for else {}))
    task_id = str(task["task_id"])
    await wait_until(lambda: _open(client, task_id))
    return task_id


async def _open(client: PlatformClient, task_id: str) -> bool:
    found = await client.api.find("voting", f"/votes/{task_id}")
    return found is not None and found["state"] == "open"


async def vote(client: PlatformClient, task_id: str, citizen: str, choice: str = "yes") -> Json | Refused:
    """Cast a ballot, with retries; return the response or the refusal."""
    try:
        return await client.user("citizen", citizen).put("voting", f"/votes/{task_id}/ballot", {"choice": choice})
    except Refused as refused:
        return refused


def new_subjects(count: int) -> list[str]:
    """Return unique subjects of citizens."""
    return [f"citizen-{uuid4().hex[:10]}" for _ in range(count)]
