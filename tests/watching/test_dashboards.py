"""The dashboards are generated, complete and readable."""

import json

import pytest

from deploy.grafana.generate import DASHBOARDS, DIRECTORY, rendered
from deploy.grafana.panels import COLUMNS, Dashboard

IDS = [dashboard.name for dashboard in DASHBOARDS]


@pytest.mark.parametrize("dashboard", DASHBOARDS, ids=IDS)
def test_a_dashboard_is_not_stale(dashboard: Dashboard) -> None:
    """`make docs` would not change its file."""
    assert (DIRECTORY / f"{dashboard.name}.json").read_text() == rendered(dashboard)


def test_there_is_no_other_file() -> None:
    """A dashboard that is generated no more is removed."""
    assert sorted(path.stem for path in DIRECTORY.iterdir()) == sorted(IDS)


@pytest.mark.parametrize("dashboard", DASHBOARDS, ids=IDS)
def test_panels_fit_the_grid(dashboard: Dashboard) -> None:
    """No two overlap, none is wider than the page, and each has a description, a unit and a query."""
    panels = json.loads(rendered(dashboard))["panels"]
    cells = [
        (panel["gridPos"]["x"] + x, panel["gridPos"]["y"]) for panel in panels for x in range(panel["gridPos"]["w"])
    ]
    assert len(cells) == len(set(cells))
    assert max(x for x, _ in cells) < COLUMNS
    for panel in panels:
        assert panel["description"], panel["title"]
        assert panel["fieldConfig"]["defaults"]["unit"], panel["title"]
        assert panel["targets"], panel["title"]
