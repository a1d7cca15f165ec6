"""`python -m tests.campaign.report FILE …`: writes REPORT.md from the verdicts of runs, and from nothing else."""

import argparse
import json
import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from tests.campaign.catalogue import FAULTS, MUTANTS
from tests.campaign.series import as_expected

Run = dict[str, Any]

HERE: Final = Path(__file__).parent
LOST: Final = ("ballot-lost", "proposal-lost", "task-lost", "referral-lost", "event-lost")
DOUBLED: Final = ("ballot-doubled", "proposal-doubled", "task-doubled", "case-doubled", "initiative-doubled")
CROSSING: Final = ("threshold-missing", "threshold-spurious", "threshold-doubled", "threshold-elsewhere")

COLUMNS: Final = (
    "fault", "runs", "strikes", "acknowledged", "lost", "doubled", "threshold missing or spurious", "other promises",
    "recovery s: p50 / p95 / max",
)  # fmt: skip


def main() -> None:
    """Write the report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", nargs="+", type=Path, help="the files of series")
    lines = [line for file in parser.parse_args().files for line in file.read_text(encoding="utf-8").splitlines()]
    runs = [json.loads(line) for line in lines]
    (HERE / "REPORT.md").write_text("\n".join(_report(runs)) + "\n", encoding="utf-8")


def _report(runs: Sequence[Run]) -> Iterator[str]:
    text = (HERE / "about.md").read_text(encoding="utf-8")
    faults = [run for run in runs if not run["mutant"]]
    mutants = [run for run in runs if run["mutant"]]
    tables = {
        "{faults}": "\n".join(_faults(faults)),
        "{bound}": _bound(faults),
        "{broken}": "\n".join(_broken(faults)) or "None.",
        "{mutants}": "\n".join(_mutants(mutants)),
    }
    for placeholder, table in tables.items():
        text = text.replace(placeholder, table)
    yield text.rstrip()


def _faults(runs: Sequence[Run]) -> Iterator[str]:
    yield "| " + " | ".join(COLUMNS) + " |"
    yield "|" + "---|" * len(COLUMNS)
    for broker in ("tansu", "kafka"):
        for fault in FAULTS:
            if these := [run for run in runs if run["fault"] == fault and run["broker"] == broker]:
                yield _row(fault if broker == "tansu" else f"{fault} (Apache Kafka)", these)
    yield _row("**all**", runs)


def _row(name: str, runs: Sequence[Run]) -> str:
    broken = sum((Counter(run["broken"]) for run in runs), Counter[str]())
    named = [sum(broken[rule] for rule in rules) for rules in (LOST, DOUBLED, CROSSING)]
    strikes = sum(_strikes(run) for run in runs)
    acknowledged = sum(run.get("acknowledged", 0) for run in runs)
    cells = [name, len(runs), strikes, f"{acknowledged:,}", *named, broken.total() - sum(named), _spread(runs)]
    return "| " + " | ".join(map(str, cells)) + " |"


def _strikes(run: Run) -> int:
    """Count strikes; for a fault without a schedule, its marks."""
    marks = run.get("marks", {})
    return sum(run.get("struck", {}).values()) or sum(marks.get(mark, 0) for mark in FAULTS[run["fault"]].marks)


def _spread(runs: Sequence[Run]) -> str:
    times = sorted(run["recovery_seconds"] for run in runs if run["recovery_seconds"] is not None)
    return " / ".join(f"{_at(times, share):.1f}" for share in (0.5, 0.95, 1.0)) if times else "-"


def _at(times: Sequence[float], share: float) -> float:
    """Return the value that this share of all does not exceed."""
    return times[max(0, math.ceil(share * len(times)) - 1)]


def _bound(runs: Sequence[Run]) -> str:
    kafka = sum(run["broker"] == "kafka" for run in runs)
    seeds, full = len({run["seed"] for run in runs}), sum(not run["brief"] for run in runs)
    made = (
        f"{len(runs)} runs with {seeds} different seeds, {len(runs) - kafka} on the embedded broker and {kafka} on "
        f"Apache Kafka; {full} of them replayed the topics and refilled the broker as well."
    )
    failed = [run for run in runs if not run["ok"]]
    if failed:
        return f"{made} {len(failed)} of {len(runs)} runs broke a promise; see below."
    return (
        f"{made} None broke a promise. By the rule of three, a promise breaks in fewer than "
        f"3/{len(runs)} = {3 / max(len(runs), 1):.1%} of such runs, at 95 % confidence; under a single "
        "fault that was run n times, in fewer than 3/n."
    )


def _broken(runs: Sequence[Run]) -> Iterator[str]:
    for run in runs:
        if not run["ok"]:
            again = f"--seed {run['seed']} --fault {run['fault']} --broker {run['broker']} --secs {run['secs']:g}"
            yield f"- `{again}`: {'; '.join(run['found'][:3])}"


def _mutants(runs: Iterable[Run]) -> Iterator[str]:
    by_mutant: dict[str, list[Run]] = defaultdict(list)
    for run in runs:
        by_mutant[run["mutant"]].append(run)
    yield "| mutant | mistake | fault | found | seeds needed | by |"
    yield "|---|---|---|---|---|---|"
    for name, mutant in MUTANTS.items():
        these = sorted(by_mutant[name], key=lambda run: int(run["seed"]))
        found_by_seed = [as_expected(run) for run in these]
        needed = str(found_by_seed.index(True) + 1) if any(found_by_seed) else "not found" if these else "not run"
        rules = Counter(rule for run in these for rule in run["broken"])
        by = ", ".join(f"{rule} ({times})" for rule, times in rules.most_common(4))
        found = f"{sum(found_by_seed)} of {len(these)}"
        yield f"| `{name}` | {mutant.description} | {mutant.fault} | {found} | {needed} | {by} |"


if __name__ == "__main__":
    main()
