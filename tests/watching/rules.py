"""The alert rules and their tests as data, and the names of metrics in an expression."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

import yaml

from deploy.grafana.generate import DASHBOARDS
from tests.contracts.assembled_services import NAMES, service
from tests.contracts.metric_tables import SUFFIX, defined

ROOT: Final = Path(__file__).parents[2]
PROMETHEUS: Final = ROOT / "deploy" / "prometheus"
RUNBOOKS: Final = ROOT / "docs" / "operations" / "runbooks"
TEST_FILES: Final = ("rules.test.yaml", "rules-slow.test.yaml")

EXPORTERS: Final = frozenset(
    {"node_filesystem_avail_bytes", "node_filesystem_size_bytes", "probe_ssl_earliest_cert_expiry"}
)
"""Metrics of the node exporter and the blackbox exporter, which the services don't have."""
AROUND: Final = frozenset({
    "up", "process_start_time_seconds", "process_cpu_seconds_total", "process_resident_memory_bytes",
})  # fmt: skip
"""What Prometheus and its client library add to every scrape."""
_WORDS: Final = frozenset({
    "and", "or", "unless", "by", "on", "without", "ignoring", "offset", "bool", "group_left", "group_right", "inf",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Alert:
    """One rule that raises an alert; several may have the same name."""

    name: str
    expr: str
    labels: dict[str, str]
    annotations: dict[str, str]


@cache
def rules() -> list[dict[str, Any]]:
    """Return all rules, in order."""
    document = yaml.safe_load((PROMETHEUS / "rules.yaml").read_text())
    return [rule for group in document["groups"] for rule in group["rules"]]


def alerts() -> list[Alert]:
    """Return the rules that raise alerts."""
    return [
        Alert(rule["alert"], rule["expr"], rule["labels"], rule["annotations"]) for rule in rules() if "alert" in rule
    ]


def recorded() -> set[str]:
    """Return the names that recording rules define."""
    return {rule["record"] for rule in rules() if "record" in rule}


def cases() -> list[dict[str, Any]]:
    """Return the test cases of the rules."""
    return [case for name in TEST_FILES for case in yaml.safe_load((PROMETHEUS / name).read_text())["tests"]]


def expressions() -> Iterator[tuple[str, str]]:
    """Yield where each expression stands, and the expression: of rules and of dashboards."""
    for rule in rules():
        yield rule.get("alert") or rule["record"], rule["expr"]
    for dashboard in DASHBOARDS:
        for title, expression in dashboard.queries():
            yield f"{dashboard.name}: {title}", expression


def names(expression: str) -> set[str]:
    """Return the names of the metrics in a PromQL expression."""
    bare = re.sub(r'"[^"]*"', "", expression)
    bare = re.sub(r"\b(by|on|without|ignoring)\s*\([^)]*\)", "", bare)
    bare = re.sub(r"\{[^}]*\}|\[[^\]]*\]", "", bare)
    found = re.findall(r"(?<![\w.:])([a-zA-Z_:][\w:]*)(?![\w:])(?!\s*\()", re.sub(r"\b\d[\w.]*", "", bare))
    return set(found) - _WORDS


@cache
def declared() -> set[str]:
    """Return the names under which the metrics of the services are scraped."""
    modules = ["townhall.chassis.telemetry.metrics"]
    for name in NAMES:
        service(name)
        modules.append(f"{name}.metrics")
    found: set[str] = set()
    for module in modules:
        for metric in defined(module):
            [family] = metric.describe()
            plain = f"{family.name}{SUFFIX.get(type(metric), '')}"
            found |= (
                {f"{family.name}_{part}" for part in ("bucket", "count", "sum")}
                if family.type == "histogram"
                else {plain}
            )
    return found
