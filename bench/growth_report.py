"""The page about growth: ratios to an empty vote in the same tables, and a chart of them."""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from string import Template
from typing import Any, Final

from bench import report
from bench.growth import SETTINGS

HERE: Final = Path(__file__).parent
PAGE: Final = HERE / "growth.md"
STEPS: Final = {
    "first": ("first ballots", "#2a6f97"),
    "repeat": ("repeats", "#6a994e"),
    "change": ("changes", "#c1121f"),
    "read": ("reads of the own ballot", "#7b2cbf"),
}
MOST: Final = 2.0
"""The largest ratio on the chart."""


def write(found: Mapping[str, Any]) -> None:
    """Write growth.json, growth.md and growth.svg beside this file."""
    (HERE / "growth.json").write_text(json.dumps({**found, "machine": report.machine()}, indent=2) + "\n")
    PAGE.write_text(_page(found))
    (HERE / "growth.svg").write_text(chart(found["sizes"]))


def cpu(figures: Mapping[str, Any]) -> float:
    """Return the CPU time of a request in voting and PostgreSQL, in microseconds."""
    return float(figures["voting_us"] + figures["postgres_us"])


def _page(found: Mapping[str, Any]) -> str:
    sizes, size_of = found["sizes"], found["bytes_per_ballot"]
    machine = report.machine()
    fields = {
        "cores": machine["cores"],
        "python": machine["python"],
        "settings": ", ".join(f"`{setting}`" for setting in SETTINGS),
        "rows": "\n".join(_rows(sizes)),
        "repeat": _ratio(sizes[0], "repeat"),
        "change": _ratio(sizes[0], "change"),
        "heap": size_of["heap"],
        "index": size_of["index"],
        "both": round(size_of["heap"] + size_of["index"], 1),
        "recount_seconds": found["recount"]["seconds"],
        "agrees": "yes" if found["recount"]["agrees"] else "NO",
        "recount": _beside(found["recount"]),
        "closing": _beside(found["closing"]),
    }
    return Template((HERE / "growth.md.tmpl").read_text()).substitute(fields)


def _rows(sizes: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    empty = sizes[0]
    for size in sizes:
        for step, (name, _) in STEPS.items():
            figures = size[step]
            ratio = round(cpu(figures) / cpu(empty[step]), 2)
            rate = round(figures["per_second"] / empty[step]["per_second"], 2)
            cells = (f"{size['stored']:,}", name, figures["voting_us"], figures["postgres_us"], ratio, rate)
            yield f"| {' | '.join(map(str, cells))} |"


def _ratio(size: Mapping[str, Any], step: str) -> float:
    return round(cpu(size[step]) / cpu(size["first"]), 2)


def _beside(figures: Mapping[str, Any]) -> str:
    return f"{figures['p99_with_ms']} ms with, {figures['p99_without_ms']} ms without"


def chart(sizes: Sequence[Mapping[str, Any]]) -> str:
    """Return an SVG chart: CPU time as a ratio to the empty vote, by the number of stored ballots."""
    width, height, left, bottom = 640, 360, 60, 50
    step_x = (width - left - 160) / max(len(sizes) - 1, 1)
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="sans-serif">']
    parts += [f'<rect width="{width}" height="{height}" fill="white"/>']

    def y(ratio: float) -> float:
        return height - bottom - min(ratio, MOST) / MOST * (height - bottom - 20)

    for mark in (0.0, 0.5, 1.0, 1.5, MOST):
        parts.append(f'<line x1="{left}" x2="{width - 150}" y1="{y(mark):.1f}" y2="{y(mark):.1f}" stroke="#ddd"/>')
        parts.append(f'<text x="20" y="{y(mark) + 4:.1f}" font-size="11">{mark}</text>')
    for step, (name, colour) in STEPS.items():
        ratios = [cpu(size[step]) / cpu(sizes[0][step]) for size in sizes]
        line = " ".join(f"{left + index * step_x:.1f},{y(ratio):.1f}" for index, ratio in enumerate(ratios))
        parts.append(f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="2"/>')
        row = 40 + 18 * list(STEPS).index(step)
        parts.append(f'<text x="{width - 145}" y="{row}" font-size="11" fill="{colour}">{name}</text>')
    for index, size in enumerate(sizes):
        x = left + index * step_x - 10
        parts.append(f'<text x="{x:.1f}" y="{height - 30}" font-size="11">{size["stored"] / 1e6:g}</text>')
    caption = "million ballots stored in the vote; CPU time of a request, 1.0 is an empty vote"
    parts.append(f'<text x="{left}" y="{height - 10}" font-size="12">{caption}</text></svg>')
    return "\n".join(parts) + "\n"
