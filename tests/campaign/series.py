"""`python -m tests.campaign.series FILE`: many runs, one after the other, each a line of JSON in the file."""

import argparse
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from tests.campaign.catalogue import FAULTS, MUTANTS


def main(words: Sequence[str] | None = None) -> None:
    """Carry the runs out; what went wrong in one doesn't keep the next from running."""
    asked = _parser().parse_args(words)
    for run in _runs(asked):
        command = [sys.executable, "-m", "tests.campaign", "--keep", "--broker", asked.broker, *run]
        done = subprocess.run(command, check=False, stdout=subprocess.PIPE, text=True)
        with asked.file.open("a", encoding="utf-8") as file:
            file.write("".join(line + "\n" for line in done.stdout.splitlines() if line.startswith("{")))
        print(f"exit code {done.returncode}: {' '.join(run)}", flush=True)


def _runs(asked: argparse.Namespace) -> Iterator[list[str]]:
    """Name every run: each seed with each fault, or with each mutant."""
    for seed in range(asked.first, asked.first + asked.seeds):
        for fault in asked.fault or ([] if asked.mutant else FAULTS):
            yield [
                "--seed",
                str(seed),
                "--fault",
                fault,
                "--secs",
                str(asked.secs),
                *(["--brief"] if asked.brief else []),
            ]
        for mutant in asked.mutant or []:
            yield ["--seed", str(seed), "--mutant", mutant]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.campaign.series", description=__doc__)
    parser.add_argument("file", type=Path, help="the lines are added at its end")
    parser.add_argument("--first", type=int, default=1, help="the first seed (1)")
    parser.add_argument("--seeds", type=int, default=1, help="how many seeds (1)")
    parser.add_argument("--secs", type=float, default=10.0, help="seconds of load and faults of each run (10)")
    parser.add_argument("--fault", nargs="*", choices=FAULTS, help="these faults only")
    parser.add_argument("--mutant", nargs="*", choices=MUTANTS, help="these mutants instead")
    parser.add_argument("--broker", choices=("tansu", "kafka"), default="tansu")
    parser.add_argument("--brief", action="store_true", help="without replay and refill")
    return parser


if __name__ == "__main__":
    main()
