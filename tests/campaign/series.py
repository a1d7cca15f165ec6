"""`python -m tests.campaign.series`: many runs, some side by side, each a line of JSON at the end of a file.

A series can be stopped at any time and goes on where it was: a run that is in the file is not made again.
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

CANT: Final = 3
"""The exit code of a run whose fault can't be made here."""
LEFT: Final = 75
"""The exit code of a series that was stopped before its end."""
LONGEST: Final = 240.0
"""Seconds after which a run that says nothing is ended."""

Line = dict[str, Any]


@dataclass
class Series:
    """Runs under way. `until` is when no more are begun, by the monotonic clock."""

    todo: list[Run]
    file: Path
    until: float
    done: int = 0
    wrong: list[Line] = field(default_factory=list)
    seconds: float = 0.0
    stopping: bool = False

    async def carry_out(self, jobs: int) -> None:
        """Take one run after the other, `jobs` side by side."""
        total = len(self.todo)
        with tempfile.TemporaryDirectory(prefix="townhall-series-") as logs:
            await asyncio.gather(*(self._lane(Path(logs), total) for _ in range(jobs)))

    async def _lane(self, logs: Path, total: int) -> None:
        while self.todo and not self.stopping and time.monotonic() < self.until:
            run = self.todo.pop(0)
            began = time.monotonic()
            line = await _one(run, logs / f"{run.seed}-{run.fault}-{run.mutant}.log")
            if line is not None and shows_nothing(line):
                self._tell(run, line, time.monotonic() - began, total, "and shows nothing, so it is made again")
                line = await _one(run, logs / f"{run.seed}-{run.fault}-{run.mutant}-again.log")
            self.done += 1
            if line is not None:
                with self.file.open("a", encoding="utf-8") as file:
                    file.write(json.dumps(line, ensure_ascii=False) + "\n")
            if line is not None and not as_expected(line):
                self.wrong.append(line)
            self._tell(run, line, time.monotonic() - began, total)

    def _tell(self, run: Run, line: Line | None, seconds: float, total: int, more: str = "") -> None:
        said = "can't be made here" if line is None else _said(line)
        name = f"{run.mutant} under {run.fault}" if run.mutant else run.fault
        says = f"{name} (seed {run.seed}, {run.broker}): {said} {more}".rstrip()
        print(f"{self.done:4}/{total} {seconds:5.1f} s  {says}", flush=True)


async def _one(run: Run, log: Path) -> Line | None:
    """Carry one run out in a process of its own, which ends with this one; None when it can't be made here."""
    words = ["--seed", run.seed, "--fault", run.fault, "--secs", run.secs, "--broker", run.broker]
    words += ["--mutant", run.mutant] if run.mutant else []
    child = Child(
        [sys.executable, "-m", "tests.campaign", *map(str, words), *(["--brief"] if run.brief else [])], log=log
    )
    try:
        async with asyncio.timeout(LONGEST):
            while child.exit_code is None:
                await sleep(0.1)
    except TimeoutError:
        child.kill()
    return None if child.exit_code == CANT else _verdict(run, log)


def _verdict(run: Run, log: Path) -> Line:
    """Read what a run said at last; one that said nothing broke something."""
    said = log.read_text(encoding="utf-8", errors="replace").splitlines()
    verdicts = [line for line in said if line.startswith("{")]
    if verdicts:
        return dict(json.loads(verdicts[-1]))
    print("\n".join(said[-30:]), flush=True)
    return asdict(run) | {"ok": False, "broken": {"no-verdict": 1}, "found": said[-3:], "recovery_seconds": None}


ACCIDENTS: Final = frozenset({"no-verdict", "fault-never-struck"})
"""What says nothing of the platform: a run that did not come to its end, or in which not all happened that was to."""


def shows_nothing(line: Line) -> bool:
    """Tell a run that was spoilt from one that found something; what was found is never tried again."""
    return bool(line["broken"]) and not line["broken"].keys() - ACCIDENTS


def as_expected(line: Line) -> bool:
    """A run has to be right without a mutant, and a promise has to be broken with one, by more than an accident."""
    if not line["mutant"]:
        return bool(line["ok"])
    return bool(line["broken"].keys() - ACCIDENTS)


def _said(line: Line) -> str:
    if line["mutant"]:
        return f"caught by {', '.join(line['broken'])}" if as_expected(line) else f"NOT CAUGHT {line['broken'] or ''}"
    if line["ok"]:
        return f"held, {line['acknowledged']} ballots, recovered after {line['recovery_seconds']} s"
    return "BROKEN " + "; ".join(line["found"][:3])


def _left(runs: Iterable[Run], file: Path) -> list[Run]:
    lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
    known = {_key(json.loads(line)) for line in lines}
    return [run for run in runs if _key(asdict(run)) not in known]


def _key(line: Line) -> tuple[Any, ...]:
    return line["seed"], line["fault"], line["mutant"], line["broker"]


def main(words: Sequence[str] | None = None) -> int:
    """Carry the series out; the exit code is 75 when runs are left, 1 when one went otherwise than it has to."""
    asked = _parser().parse_args(words)
    runs = {
        "short": lambda: plan.short(asked.broker, kafka_too=asked.kafka_too),
        "long": lambda: plan.long(asked.first, asked.seeds),
        "exam": lambda: plan.exam(asked.first, asked.seeds, asked.broker),
    }[asked.plan]()
    with tempfile.TemporaryDirectory() as nowhere:
        file = asked.file or Path(nowhere) / "runs.jsonl"
        chosen = [run for run in runs if not asked.only or {run.fault, run.mutant} & set(asked.only)]
        series = Series(_left(chosen, file), file, time.monotonic() + asked.minutes * 60)
        asyncio.run(_stoppable(series, asked.jobs))
    for line in series.wrong:
        print(json.dumps(line, ensure_ascii=False))
    print(f"{series.done} runs, {len(series.wrong)} not as they have to be, {len(series.todo)} left", flush=True)
    return LEFT if series.todo else 1 if series.wrong else 0


async def _stoppable(series: Series, jobs: int) -> None:
    """End in order when asked to: what runs is finished, nothing more is begun."""

    def stop() -> None:
        series.stopping = True

    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop)
    await series.carry_out(jobs)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="make campaign-series", description=__doc__)
    parser.add_argument("plan", choices=("short", "long", "exam"), help="every fault once; many seeds; every mutant")
    parser.add_argument("--file", type=Path, help="lines are added at its end, and what it has is not run again")
    parser.add_argument("--first", type=int, default=1, help="the first seed (1)")
    parser.add_argument("--seeds", type=int, default=100, help="how many seeds (100)")
    parser.add_argument("--jobs", type=int, default=2, help="runs side by side (2)")
    parser.add_argument("--minutes", type=float, default=1e6, help="begin no run after so many minutes")
    parser.add_argument("--only", nargs="*", help="these faults or mutants only")
    parser.add_argument("--broker", choices=("tansu", "kafka"), default="tansu", help="of the short one and the exam")
    parser.add_argument("--kafka-too", action="store_true", help="of the short one: some runs on Apache Kafka as well")
    return parser


if __name__ == "__main__":
    sys.exit(main())
