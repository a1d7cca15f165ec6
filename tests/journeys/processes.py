"""The platform as an operator runs it: real processes, started by `townhall up`, that can be killed one by one."""

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
from townhall.chassis.waiting import rest
from townhall.testing.brokers import KIND
from townhall_local.client.api import Json, PublicApi, Refused
from townhall_local.client.issuer import issuer_at
from townhall_local.client.users import Platform, Tokens
from townhall_local.running_platform import FILE, RunningPlatform

CRASHING = Path(__file__).with_name("crashing")
PATIENCE = 120.0


@dataclass
class Processes:
    """A running `townhall up`, and what tests do to it."""

    data_dir: Path
    order: Path
    _databases: dict[str, Database] = field(default_factory=dict)

    @property
    def running(self) -> RunningPlatform:
        """Where everything is at this moment."""
        return RunningPlatform.read(self.data_dir)

    def signal(self, service: str, number: signal.Signals = signal.SIGKILL) -> None:
        """Send a signal to a service's process."""
        with suppress(ProcessLookupError):
            os.kill(self.running.services[service].pid, number)

    def crash_at(self, place: str) -> None:
        """Order one crash, at a place named by a line of `places.txt`; moved there whole, so never read by halves."""
        new = self.order.with_suffix(".new")
        new.write_text(place)
        new.rename(self.order)

    async def crashed(self) -> None:
        """Wait until the ordered crash has happened."""
        await until(lambda: _gone(self.order))

    async def rows(self, service: str, sql: str, **values: object) -> list[Any]:
        """Read from a service's database what no API tells."""
        if service not in self._databases:
            self._databases[service] = Database(self.running.databases[service], source=service, pool_size=2)
        async with self._databases[service].reading() as session:
            return list((await session.execute(text(sql), values)).all())

    async def close(self) -> None:
        """Close what was opened to look; the next look opens it again."""
        for each in self._databases.values():
            await each.close()
        self._databases.clear()

    @asynccontextmanager
    async def people(self) -> AsyncIterator[Platform]:
        """Citizens and officials, who retry until they are answered."""
        running = self.running
        async with issuer_at(running.issuer) as issuer, PublicApi(running.urls, patience=PATIENCE) as api:
            yield Platform(api, Tokens(issuer))


@contextmanager
def up(directory: Path, settings: Mapping[str, str] | None = None) -> Iterator[Processes]:
    """Run the platform in processes of its own, on free ports."""
    directory.mkdir(exist_ok=True)
    order = directory / "crash"
    env = dict(os.environ) | {"TOWNHALL_CRASH": str(order), "PYTHONPATH": str(CRASHING)} | dict(settings or {})
    broker = os.environ.get(KIND, "tansu")
    words = ["up", "--data-dir", str(directory), "--base-port", "0", "--broker", broker]
    with (directory / "up.log").open("ab") as log:
        process = subprocess.Popen([sys.executable, "-m", "townhall_local", *words], env=env, stdout=log, stderr=log)
    try:
        _wait_for(directory / FILE, process)
        yield Processes(directory, order)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(60)


def _wait_for(file: Path, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not file.exists():
        assert process.poll() is None, "the platform ended while starting"
        assert time.monotonic() < deadline, "the platform was not ready in time"
        with suppress(subprocess.TimeoutExpired):
            process.wait(0.1)


async def until(look: Any, within: float = PATIENCE) -> Any:  # noqa: ANN401  whatever there is to see
    """Look again until there is something to see."""
    async with asyncio.timeout(within):
        while not (seen := await look()):
            await rest(0.05)
    return seen


async def _gone(file: Path) -> bool:
    return not file.exists()  # noqa: ASYNC240  a look at one file


async def open_vote(people: Platform, title: str, *, more_than: int, open_for: str | None = None) -> str:
    """Put a task of the government's own to the vote; return its id once ballots are taken."""
    secretary, officer = people.person("secretary", "secretary"), people.person("officer", "officer")
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
    await until(lambda: _open(people, task_id))
    return task_id


async def _open(people: Platform, task_id: str) -> bool:
    found = await people.api.find("voting", f"/votes/{task_id}")
    return found is not None and found["state"] == "open"


async def vote(people: Platform, task_id: str, citizen: str, choice: str = "yes") -> Json | Refused:
    """Cast a ballot, again and again until it is answered; a refusal is an answer."""
    try:
        return await people.person("citizen", citizen).put("voting", f"/votes/{task_id}/ballot", {"choice": choice})
    except Refused as refused:
        return refused


def names(many: int) -> list[str]:
    """Return names nobody has used."""
    return [f"citizen-{uuid4().hex[:10]}" for _ in range(many)]
