"""The parts of a Grafana dashboard as JSON: panels on a grid of 24 columns, each with its PromQL queries."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

Json = dict[str, Any]

DATASOURCE: Final[Json] = {"type": "prometheus", "uid": "${datasource}"}
COLUMNS: Final = 24
HEIGHT: Final = 8


@dataclass(frozen=True, slots=True)
class Panel:
    """One diagram. The keys of `queries` are the names of their lines, with labels as `{{label}}`."""

    title: str
    queries: Mapping[str, str]
    unit: str = "short"
    kind: str = "timeseries"
    """`timeseries`, or `bargauge` or `stat` for the newest value of each query."""
    about: str = ""
    width: int = 8


@dataclass(frozen=True, slots=True)
class Dashboard:
    """A page of panels, in reading order."""

    name: str
    title: str
    panels: Sequence[Panel]

    def json(self) -> Json:
        """Return what Grafana imports."""
        variable = {"name": "datasource", "type": "datasource", "query": "prometheus", "label": "Prometheus"}
        return {
            "uid": f"townhall-{self.name}",
            "title": self.title,
            "tags": ["townhall"],
            "schemaVersion": 39,
            "editable": False,
            "refresh": "10s",
            "time": {"from": "now-1h", "to": "now"},
            "templating": {"list": [variable]},
            "links": [{"type": "dashboards", "tags": ["townhall"], "asDropdown": True, "title": "Townhall"}],
            "panels": list(_placed(self.panels)),
        }

    def queries(self) -> Iterator[tuple[str, str]]:
        """Yield the title of the panel and the expression of each query."""
        for panel in self.panels:
            for expression in panel.queries.values():
                yield panel.title, expression


def _placed(panels: Sequence[Panel]) -> Iterator[Json]:
    x = y = 0
    for number, panel in enumerate(panels, start=1):
        if x + panel.width > COLUMNS:
            x, y = 0, y + HEIGHT
        yield _panel(number, panel, x, y)
        x += panel.width


def _panel(number: int, panel: Panel, x: int, y: int) -> Json:
    newest = panel.kind != "timeseries"
    options: Json = {"legend": {"displayMode": "list", "placement": "bottom"}, "tooltip": {"mode": "multi"}}
    if newest:
        options = {"reduceOptions": {"calcs": ["lastNotNull"]}, "orientation": "horizontal", "displayMode": "basic"}
    return {
        "id": number,
        "title": panel.title,
        "description": panel.about or panel.title,
        "type": panel.kind,
        "datasource": DATASOURCE,
        "gridPos": {"x": x, "y": y, "w": panel.width, "h": HEIGHT},
        "fieldConfig": {"defaults": {"unit": panel.unit, "min": 0}, "overrides": []},
        "options": options,
        "targets": [
            _target(index, name, query, newest=newest) for index, (name, query) in enumerate(panel.queries.items())
        ],
    }


def _target(index: int, name: str, query: str, *, newest: bool) -> Json:
    return {
        "refId": chr(ord("A") + index),
        "datasource": DATASOURCE,
        "expr": re.sub(r"\s+", " ", query),
        "legendFormat": name,
        "instant": newest,
    }
