"""With a real Prometheus, over a platform on which the demo ran: `make test-watch`."""

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from deploy.grafana.generate import DASHBOARDS
from tests.watching.platform import firing, get, lines, townhall
from tests.watching.rules import AROUND, EXPORTERS, PROMETHEUS, TEST_FILES, expressions, names, recorded, rules
from townhall_local.client.polling import poll
from townhall_local.running_platform import RunningPlatform
from townhall_local.up.prometheus import prometheus

pytestmark = pytest.mark.watch

QUERIES = [
    pytest.param(expression, id=f"{dashboard.name}: {title}")
    for dashboard in DASHBOARDS
    for title, expression in dashboard.queries()
]


def run(*command: str | Path, text: str | None = None) -> None:
    """Run a program of Prometheus on the shipped files; it must succeed and complain about nothing."""
    done = subprocess.run(
        list(map(str, command)), cwd=PROMETHEUS, input=text, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data directory of the platform."""
    return tmp_path_factory.mktemp("watched") / "data"


@pytest.fixture(scope="module")
def running(data_dir: Path) -> Iterator[RunningPlatform]:
    """A platform on which one consultation went from its first proposal to its evaluation."""
    with townhall("demo", "--data-dir", data_dir) as demo:
        assert any("stays up" in line for line in lines(demo))
        yield RunningPlatform.read(data_dir)


@pytest.fixture(scope="module")
def api(running: RunningPlatform, data_dir: Path) -> Iterator[httpx.Client]:
    """The API of a Prometheus that scrapes it."""
    with prometheus(running, data_dir) as url, httpx.Client(base_url=f"{url}/api/v1/") as client:
        yield client


def test_the_rules_are_valid() -> None:
    """Without a complaint of the linter."""
    run("promtool", "check", "rules", "--lint=all", "--lint-fatal", "rules.yaml")
    run("promtool", "check", "config", "prometheus.yaml")


@pytest.mark.parametrize("file", TEST_FILES)
def test_the_alerts_fire_and_stay_silent(file: str) -> None:
    """In the cases of the file."""
    run("promtool", "test", "rules", file)


def test_the_routes_of_alerts_are_valid() -> None:
    """A page goes to the page, all else to the tickets."""
    assert shutil.which("amtool"), "apt-get install prometheus-alertmanager"
    run("amtool", "check-config", "alertmanager.yaml")
    for severity in ("page", "ticket"):
        route = ["amtool", "config", "routes", "test", "--config.file=alertmanager.yaml"]
        run(*route, f"--verify.receivers={severity}", f"severity={severity}")


def test_each_service_keeps_the_conventions(running: RunningPlatform) -> None:
    """`promtool check metrics` finds nothing in its scrape."""
    for url in running.urls.values():
        run("promtool", "check", "metrics", text=httpx.get(f"{url}/metrics").text)


def test_the_names_of_rules_and_dashboards_are_scraped(running: RunningPlatform) -> None:
    """Each is a metric of at least one service, whether or not it has a sample already."""
    scraped: set[str] = {"up"}
    for url in running.urls.values():
        for line in httpx.get(f"{url}/metrics").text.splitlines():
            if line.startswith("# TYPE "):
                family = line.split()[2]
                scraped |= {family, *(f"{family}_{part}" for part in ("bucket", "count", "sum"))}
    used = {name for _, expression in expressions() for name in names(expression)}
    assert used >= AROUND
    assert used - scraped - EXPORTERS - recorded() == set()


@pytest.mark.parametrize("expression", QUERIES)
async def test_every_panel_has_data(api: httpx.Client, expression: str) -> None:
    """A panel that shows nothing is a panel nobody misses until it is needed."""

    async def found() -> Any:  # noqa: ANN401  a list of samples
        return get(api, "query", query=expression)["result"] or None

    assert (await poll(found, what=expression, within=60, every=0.5)).value


async def test_a_healthy_platform_raises_no_alert(api: httpx.Client) -> None:
    """All rules were evaluated without an error, and none of them fires."""

    async def evaluated() -> Any:  # noqa: ANN401  a list of groups
        groups = get(api, "rules")["groups"]
        return groups if all(rule["health"] == "ok" for group in groups for rule in group["rules"]) else None

    groups = (await poll(evaluated, what="an evaluation of each rule", within=60, every=0.5)).value
    assert sum(len(group["rules"]) for group in groups) == len(rules())
    assert firing(api) == set()


async def test_up_watch_prints_the_address_of_prometheus(tmp_path: Path) -> None:
    """It scrapes the four services and has the rules."""
    with townhall("up", "--watch", "--json", "--base-port", "0", "--data-dir", tmp_path / "data") as process:
        watched = RunningPlatform.model_validate_json(next(lines(process)))
        assert watched.prometheus
        with httpx.Client(base_url=f"{watched.prometheus}/api/v1/") as api:

            async def up() -> Any:  # noqa: ANN401  a list of samples
                found = get(api, "query", query="up == 1")["result"]
                return found if len(found) == len(watched.services) else None

            polled = await poll(up, what="a scrape of each service", within=60, every=0.5)
            assert {each["metric"]["service"] for each in polled.value} == watched.services.keys()
            assert len(get(api, "rules")["groups"]) > 1
