"""`python -m tests.campaign.series`: many runs, some concurrently, each verdict appended to a file as a line of JSON.

A series can be stopped at any time and continued later: a run whose verdict is in the file is not repeated.
"""

import argparse
import asyncio
import json
import signal
import sys
import tempfile
import time
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

from tests.campaign import plan
from tests.campaign.run import Run
from townhall.chassis.retrying import sleep
from townhall.embedded.process import Child

NOT_POSSIBLE: Final = 3
"""The exit code of a run whose fault is not possible on this machine."""
INCOMPLETE: Final = 75
"""The exit code of a series that was stopped before its end."""
LONGEST: Final = 240.0
"""Seconds after which a run is killed."""

Line = dict[str, Any]


@dataclass
class Series:
    """A series of runs. None is started after `until`, by the monotonic clock."""

    todo: list[Run]
    file: Path
    until: float
    done: int = 0
    wrong: list[Line] = field(default_factory=list)
    seconds: float = 0.0
    stopping: bool = False

    async def execute(self, jobs: int) -> None:
        """Execute the runs, so many concurrently."""
        total = len(self.todo)
        with tempfile.TemporaryDirectory(prefix="townhall-series-") as logs:
            await asyncio.gather(*(self._work(Path(logs), total) for _ in range(jobs)))

    async def _work(self, logs: Path, total: int) -> None:
        while self.todo and not self.stopping and time.monotonic() < self.until:
            run = self.todo.pop(0)
            began = time.monotonic()
            line = await _verdict_of(run, logs / f"{run.seed}-{run.fault}-{run.mutant}.log")
            if line is not None and shows_nothing(line):
                self._print(run, line, time.monotonic() - began, total, "and shows nothing, so it is repeated")
                line = await _verdict_of(run, logs / f"{run.seed}-{run.fault}-{run.mutant}-again.log")
            self.done += 1
            if line is not None:
                with self.file.open("a", encoding="utf-8") as file:
                    file.write(json.dumps(line, ensure_ascii=False) + "\n")
            if line is not None and not as_expected(line):
                self.wrong.append(line)
            self._print(run, line, time.monotonic() - began, total)

    def _print(self, run: Run, line: Line | None, seconds: float, total: int, more: str = "") -> None:
        result = "not possible here" if line is None else _summary(line)
        name = f"{run.mutant} under {run.fault}" if run.mutant else run.fault
        text = f"{name} (seed {run.seed}, {run.broker}): {result} {more}".rstrip()
        print(f"{self.done:4}/{total} {seconds:5.1f} s  {text}", flush=True)


async def _verdict_of(run: Run, log: Path) -> Line | None:
    """Execute one run in a process of its own; None if it is not possible on this machine."""
    arguments = ["--seed", run.seed, "--fault", run.fault, "--secs", run.secs, "--broker", run.broker]
    arguments += ["--mutant", run.mutant] if run.mutant else []
    arguments += ["--brief"] if run.brief else []
    child = Child([sys.executable, "-m", "tests.campaign", *map(str, arguments)], log=log)
    try:
        async with asyncio.timeout(LONGEST):
            while child.exit_code is None:
                await sleep(0.1)
    except TimeoutError:
        child.kill()
    return None if child.exit_code == NOT_POSSIBLE else _read_verdict(run, log)


def _read_verdict(run: Run, log: Path) -> Line:
    """Read the verdict from the output of a run; a run without one counts as broken."""
    output = log.read_text(encoding="utf-8", errors="replace").splitlines()
    verdicts = [line for line in output if line.startswith("{")]
    if verdicts:
        return dict(json.loads(verdicts[-1]))
    print("\n".join(output[-30:]), flush=True)
    return asdict(run) | {"ok": False, "broken": {"no-verdict": 1}, "found": output[-3:], "recovery_seconds": None}


ACCIDENTS: Final = frozenset({"no-verdict", "fault-never-struck"})
"""Findings about the run, not the platform: it did not finish, or its fault had no effect."""


def shows_nothing(line: Line) -> bool:
    """Return whether a run had accidents only. One that found something else is never repeated."""
    return bool(line["broken"]) and not line["broken"].keys() - ACCIDENTS


def as_expected(line: Line) -> bool:
    """Return whether a run without a mutant is ok, or one with a mutant found something other than an accident."""
    if not line["mutant"]:
        return bool(line["ok"])
    return bool(line["broken"].keys() - ACCIDENTS)


def _summary(line: Line) -> str:
    if line["mutant"]:
        return f"found by {', '.join(line['broken'])}" if as_expected(line) else f"NOT FOUND {line['broken'] or ''}"
    if line["ok"]:
        return f"ok, {line['acknowledged']} ballots, recovered after {line['recovery_seconds']} s"
    return "BROKEN " + "; ".join(line["found"][:3])


def _remaining(runs: Iterable[Run], file: Path) -> list[Run]:
    lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
    known = {_key(json.loads(line)) for line in lines}
    return [run for run in runs if _key(asdict(run)) not in known]


def _key(line: Line) -> tuple[Any, ...]:
    return line["seed"], line["fault"], line["mutant"], line["broker"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Execute the series; the exit code is 75 if runs are left, 1 if one was not as expected."""
    options = _parser().parse_args(arguments)
    runs = {
        "short": lambda: plan.short(options.broker, kafka_too=options.kafka_too),
        "long": lambda: plan.long(options.first, options.seeds),
        "exam": lambda: plan.exam(options.first, options.seeds, options.broker),
    }[options.plan]()
    with tempfile.TemporaryDirectory() as directory:
        file = options.file or Path(directory) / "runs.jsonl"
        chosen = [run for run in runs if not options.only or {run.fault, run.mutant} & set(options.only)]
        series = Series(_remaining(chosen, file), file, time.monotonic() + options.minutes * 60)
        asyncio.run(_execute(series, options.jobs))
    for line in series.wrong:
        print(json.dumps(line, ensure_ascii=False))
    print(f"{series.done} runs, {len(series.wrong)} not as expected, {len(series.todo)} left", flush=True)
    return INCOMPLETE if series.todo else 1 if series.wrong else 0


async def _execute(series: Series, jobs: int) -> None:
    """Execute the series; on SIGINT or SIGTERM finish the current runs and start no more."""

    def stop() -> None:
        series.stopping = True

    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop)
    await series.execute(jobs)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="make campaign-series", description=__doc__)
    parser.add_argument("plan", choices=("short", "long", "exam"), help="every fault once; many seeds; every mutant")
    parser.add_argument("--file", type=Path, help="verdicts are appended to it, and runs it has are not repeated")
    parser.add_argument("--first", type=int, default=1, help="the first seed (1)")
    parser.add_argument("--seeds", type=int, default=100, help="the number of seeds (100)")
    parser.add_argument("--jobs", type=int, default=2, help="concurrent runs (2)")
    parser.add_argument("--minutes", type=float, default=1e6, help="start no run after so many minutes")
    parser.add_argument("--only", nargs="*", help="these faults or mutants only")
    parser.add_argument("--broker", choices=("tansu", "kafka"), default="tansu", help="for short and exam")
    parser.add_argument("--kafka-too", action="store_true", help="for short: some runs on Apache Kafka as well")
    return parser


if __name__ == "__main__":
    sys.exit(main())
