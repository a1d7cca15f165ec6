"""Documentation tables of the metrics that a module defines."""

from collections.abc import Iterator
from importlib import import_module

from prometheus_client import Counter, Gauge, Histogram, Info
from prometheus_client.metrics import MetricWrapperBase

SUFFIX = {Counter: "_total", Info: "_info"}
KINDS = {Counter: "counter", Gauge: "gauge", Histogram: "histogram", Info: "info"}


def defined(module: str) -> list[MetricWrapperBase]:
    """Return a module's metrics in the order of definition."""
    return [value for value in vars(import_module(module)).values() if isinstance(value, MetricWrapperBase)]


def moved(module: str) -> dict[str, bool]:
    """Return the names of a module's metrics, and whether each has a sample above zero in this process."""
    found: dict[str, bool] = {}
    for metric in defined(module):
        [family] = metric.collect()
        values = [sample.value for sample in family.samples if not sample.name.endswith("_created")]
        found[family.name] = any(values)
    return found


def tables(title: str, module: str) -> Iterator[str]:
    """Yield the lines of one section: a row for each metric."""
    yield from (f"## {title}", "", "| metric | kind | labels | meaning |", "|---|---|---|---|")
    for metric in defined(module):
        [family] = metric.describe()
        labels = ", ".join(f"`{label}`" for label in metric._labelnames)  # noqa: SLF001  it has no public name
        kind = type(metric)
        yield f"| `{family.name}{SUFFIX.get(kind, '')}` | {KINDS[kind]} | {labels} | {family.documentation} |"
    yield ""
