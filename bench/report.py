"""The report of one run: figures, ratios, and a chart of latency over throughput."""

import json
import os
import platform
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from string import Template
from typing import Any, Final

from bench.chart import chart

HERE: Final = Path(__file__).parent
TARGETS: Final = {
    "grouped_over_single": ("at least 3", 3.0, 1),
    "grouped_over_noop": ("at least 0.6", 0.6, 1),
    "relay_over_aiokafka": ("at least 0.5", 0.5, 1),
    "isolation_p99": ("at most 1.5", 1.5, -1),
}
"""The target of each ratio, and whether more (1) or less (-1) is better."""
RATES: Final[Mapping[str, tuple[Callable[[Mapping[str, Any]], Any], str, str, float, int]]] = {
    "ballots a second, 16 callers": (lambda run: run["ballots"]["grouped"], "per_second", "9,200", 9200, 1),
    "p99 of those, ms": (lambda run: run["ballots"]["grouped"], "p99_ms", "under 50", 50, -1),
    "totals read a second": (lambda run: run["ballots"]["tally_reads"], "per_second", "20,000", 20000, 1),
    "events a second with effect": (
        lambda run: run["events"], "consumer_with_effect_per_second", "at least 5,000", 5000, 1,
    ),
    "events a second, timeline": (lambda run: run["events"], "timeline_per_second", "at least 5,000", 5000, 1),
    "crossing to case, p99 s": (lambda run: run["crossing"], "p99_s", "under 1", 1, -1),
}  # fmt: skip
"""The target of each rate: where it is in the results, target, bound, and whether more (1) or less (-1) is better."""
STEPS: Final = {
    "empty": "empty response of the framework, no token",
    "noop_known_tokens": "a ballot that is not stored, cached token",
    "noop": "the same, each token new",
    "single": "one transaction per ballot, as in a handler",
    "statement": "one statement per ballot, the one of group commit",
    "grouped": "group commit, as served",
    "grouped_two_workers": "group commit, two processes",
    "tally_reads": "reading the totals of a vote",
}


def ratios(found: Mapping[str, Any]) -> dict[str, float]:
    """Return the ratios, which are comparable across machines."""
    ballots, events = found["ballots"], found["events"]
    grouped = ballots["grouped"]["per_second"]
    isolation = found["isolation"]
    return {
        "grouped_over_single": _over(grouped, ballots["single"]["per_second"]),
        "grouped_over_statement": _over(grouped, ballots["statement"]["per_second"]),
        "grouped_over_noop": _over(grouped, ballots["noop"]["per_second"]),
        "grouped_two_workers_over_one": _over(ballots["grouped_two_workers"]["per_second"], grouped),
        "relay_over_aiokafka": _over(events["relay_per_second"], events["aiokafka_produce_per_second"]),
        "relay_over_aiokafka_batches": _over(events["relay_per_second"], events["aiokafka_batch_produce_per_second"]),
        "consumer_over_aiokafka": _over(
            events["consumer_with_effect_per_second"], events["aiokafka_consume_per_second"]
        ),
        "isolation_p99": _slowdown(isolation["half"]),
        "isolation_p99_at_a_quarter": _slowdown(isolation["quarter"]),
        "grouped_over_pgbench": _over(grouped, found["pgbench_per_second"]),
    }


def _slowdown(figures: Mapping[str, float]) -> float:
    return _over(figures["beside_viral_p99_ms"], figures["quiet_p99_ms"])


def _over(one: float, other: float) -> float:
    return round(one / other, 3) if other else 0.0


def write(found: dict[str, Any]) -> None:
    """Write report.json, report.md and throughput.svg beside this file."""
    found["ratios"] = ratios(found)
    (HERE / "report.json").write_text(json.dumps(found, indent=2) + "\n")
    (HERE / "report.md").write_text(_page(found))
    (HERE / "throughput.svg").write_text(chart(found["ballots"]["latency"]))


def machine() -> dict[str, Any]:
    """Return a description of this machine."""
    return {"cores": os.cpu_count(), "python": platform.python_version(), "load_at_start": os.getloadavg()[0]}


def _page(found: Mapping[str, Any]) -> str:
    ballots, crossing, isolation = found["ballots"], found["crossing"], found["isolation"]
    fields = {
        "broker": found["broker"],
        "cores": found["machine"]["cores"],
        "python": found["machine"]["python"],
        "load": round(found["machine"]["load_at_start"], 1),
        "ratios": "\n".join(_ratio(name, value) for name, value in found["ratios"].items()),
        "rates": "\n".join(_rates(found)),
        "ballots": "\n".join(f"| {name} | {meaning} | {_cells(ballots[name])} |" for name, meaning in STEPS.items()),
        "parts": "\n".join(f"| {part} | {micros} |" for part, micros in parts(ballots).items()),
        "profile": "\n".join(f"| `{name}` | {micros} |" for name, micros in found["profile"].items()),
        "exact": "yes" if ballots["exact"] else "NO",
        "resident": ballots["resident_mb_after"],
        "pgbench": found["pgbench_per_second"],
        "isolation": "\n".join(f"| {part} | {_isolation_row(isolation[part])} |" for part in ("half", "quarter")),
        "events": "\n".join(f"- {name.replace('_', ' ')}: {value}" for name, value in found["events"].items()),
        "crossing_rate": crossing["ballots_per_second"],
        "crossing_p50": crossing["p50_s"],
        "crossing_p99": crossing["p99_s"],
        "crossings": crossing["crossings"],
    }
    return Template((HERE / "page.md.tmpl").read_text()).substitute(fields)


def _rates(found: Mapping[str, Any]) -> Iterator[str]:
    """Compare the rates with their targets, which are for a machine with two cores."""
    for name, (part, figure, target, bound, sign) in RATES.items():
        measured = part(found)[figure]
        yield f"| {name} | {measured} | {target} | {'yes' if (measured - bound) * sign > 0 else 'no'} |"


def parts(ballots: Mapping[str, Any]) -> dict[str, float]:
    """Return the CPU time of each part of processing a ballot in microseconds, from the differences between steps."""
    known, new, grouped = (ballots[step]["cpu_us"] for step in ("noop_known_tokens", "noop", "grouped"))
    return {
        "HTTP, with all checks but the token's": known["voting"],
        "a new token: signature and claims": round(new["voting"] - known["voting"], 1),
        "the intake, and its share of the group's transaction": round(grouped["voting"] - new["voting"], 1),
        "PostgreSQL": grouped["postgres"],
        "the load generator": grouped["load"],
    }


def _cells(figures: Mapping[str, Any]) -> str:
    cpu = figures["cpu_us"]
    return " | ".join(
        str(each) for each in (figures["per_second"], figures["p50_ms"], figures["p99_ms"], *cpu.values())
    )


def _isolation_row(figures: Mapping[str, Any]) -> str:
    return " | ".join(str(value) for value in figures.values())


def _ratio(name: str, value: float) -> str:
    target, bound, sign = TARGETS.get(name, ("", 0.0, 0))
    met = "" if not sign else "yes" if (value - bound) * sign >= 0 else "no"
    return f"| {name} | {value} | {target} | {met} |"
