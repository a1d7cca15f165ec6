"""What stands still raises its alert within a minute, and a short restart raises none: part of `make test-watch`."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

import httpx
import psutil
import pytest

from tests.watching.platform import firing, get, lines, townhall
from townhall_local.client.polling import PollTimeout, poll
from townhall_local.running_platform import RunningPlatform

pytestmark = pytest.mark.watch

WITHIN = 75.0
"""A minute, and what a busy machine adds to it."""


@dataclass(frozen=True, slots=True)
class Watched:
    """A platform with its Prometheus."""

    running: RunningPlatform
    process: psutil.Process
    api: httpx.Client

    def processes(self, name: str) -> Sequence[psutil.Process]:
        """Return the processes of this name, or the one of this service."""
        if name in self.running.services:
            return [psutil.Process(self.running.services[name].pid)]
        return [each for each in self.process.children(recursive=True) if each.name() == name]

    async def scraped(self) -> bool | None:
        """Return True once all services are up and nothing fires, else None."""
        up = get(self.api, "query", query="sum(townhall_readiness_check) == 8")["result"]
        return True if up and not firing(self.api) else None

    async def alerts(self) -> set[str] | None:
        """Return the alerts that fire, or None."""
        return firing(self.api) or None


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    """`townhall up --watch`, idle."""
    directory = tmp_path_factory.mktemp("watched") / "data"
    with ExitStack() as stack:
        up = stack.enter_context(townhall("up", "--watch", "--json", "--base-port", "0", "--data-dir", directory))
        running = RunningPlatform.model_validate_json(next(lines(up)))
        api = stack.enter_context(httpx.Client(base_url=f"{running.prometheus}/api/v1/", timeout=10))
        yield Watched(running, psutil.Process(up.pid), api)


@contextmanager
def suspended(processes: Sequence[psutil.Process]) -> Iterator[None]:
    """Let processes stand still while the block runs."""
    for each in processes:
        each.suspend()
    try:
        yield
    finally:
        for each in processes:
            each.resume()


@pytest.mark.parametrize(
    ("name", "alert"), [("tansu", "BrokerUnusable"), ("postgres", "ServiceNotReady"), ("voting", "ServiceDown")]
)
async def test_what_stands_still_raises_its_alert_within_a_minute(watched: Watched, name: str, alert: str) -> None:
    """The broker, the database server, a service; and the alert ends when it goes on."""
    await poll(watched.scraped, what="a healthy platform", within=120, every=1)
    processes = watched.processes(name)
    assert processes
    with suspended(processes):
        raised = (await poll(watched.alerts, what=alert, within=WITHIN, every=1)).value
    assert raised == {alert}
    await poll(watched.scraped, what="a healthy platform", within=120, every=1)


async def test_twenty_seconds_without_the_broker_page_nobody(watched: Watched) -> None:
    """That is what a restart takes."""
    await poll(watched.scraped, what="a healthy platform", within=120, every=1)
    with suspended(watched.processes("tansu")), pytest.raises(PollTimeout):
        await poll(watched.alerts, what="an alert", within=20, every=1)
    with pytest.raises(PollTimeout):
        await poll(watched.alerts, what="an alert", within=30, every=1)
