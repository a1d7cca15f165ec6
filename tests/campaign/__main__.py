"""`python -m tests.campaign`: one seeded run of faults against the whole platform, checked from outside."""

import argparse
import asyncio
import json
import secrets
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from tests.campaign.catalogue import FAULTS, MUTANTS
from tests.campaign.disk import can_mount
from tests.campaign.execution import execute
from tests.campaign.run import Run


def main(arguments: Sequence[str] | None = None) -> int:
    """Execute one run; the exit code is 1 if a promise was broken, 3 if the fault isn't possible on this machine."""
    options = _parser().parse_args(arguments)
    if options.list:
        _list()
        return 0
    run = _run(options)
    if FAULTS[run.fault].small_disk and not can_mount():
        print(f"{run.fault} is not possible here: this process may not mount a disk")
        return 3
    return _execute(run, quiet=options.json, keep=options.keep)


def _run(options: argparse.Namespace) -> Run:
    """Return the run; a mutant's default fault is the one that reveals it."""
    mutant = MUTANTS.get(options.mutant or "")
    fault = options.fault or (mutant.fault if mutant else "none")
    secs = options.secs or (mutant.secs if mutant else 20.0)
    seed = secrets.randbelow(1_000_000) if options.seed is None else options.seed
    return Run(seed, fault, options.mutant or "", secs, options.broker, options.brief)


def _execute(run: Run, *, quiet: bool, keep: bool) -> int:
    began, directory = time.monotonic(), Path(tempfile.mkdtemp(prefix="townhall-campaign-"))

    def progress(line: str) -> None:
        if not quiet:
            print(f"{time.monotonic() - began:6.1f} s  {line}", file=sys.stderr, flush=True)

    arguments = f"--seed {run.seed} --fault {run.fault}" + (f" --mutant {run.mutant}" if run.mutant else "")
    progress(f"{arguments} --secs {run.secs:g} --broker {run.broker}")
    # On SIGTERM, end all processes and unmount the disk.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    verdict = asyncio.run(execute(run, directory, progress))
    for rule, finding in verdict.broken[:20]:
        progress(f"BROKEN {rule}: {finding}")
    print(json.dumps(verdict.as_dict(), ensure_ascii=False), flush=True)
    if verdict.ok or not keep:
        shutil.rmtree(directory, ignore_errors=True)
    else:
        progress(f"the data and logs of the run are in {directory}")
    return 0 if verdict.ok else 1


def _list() -> None:
    print("faults:")
    for name, fault in FAULTS.items():
        possible = not fault.small_disk or can_mount()
        print(
            f"  {name:<20}{fault.description}" + ("" if possible else " (not here: this process may not mount a disk)")
        )
    print("mutants, each with the fault that reveals it:")
    for name, mutant in MUTANTS.items():
        print(f"  {name:<24}{mutant.fault:<16}{mutant.description}")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="make campaign", description=__doc__)
    parser.add_argument("--seed", type=int, help="repeats the schedule and the random choices of another run")
    parser.add_argument("--fault", choices=FAULTS, help="by default none, or the one that reveals the mutant")
    parser.add_argument("--mutant", choices=MUTANTS, help="a deliberate mistake, which must be found")
    parser.add_argument("--secs", type=float, help="seconds of load and faults (20)")
    parser.add_argument("--broker", choices=("tansu", "kafka"), default="tansu")
    parser.add_argument("--brief", action="store_true", help="leave out replay from offset 0 and refill of the broker")
    parser.add_argument("--json", action="store_true", help="print only the verdict")
    parser.add_argument("--keep", action="store_true", help="keep data and logs of a run that broke a promise")
    parser.add_argument("--list", action="store_true", help="list all faults and mutants")
    return parser


if __name__ == "__main__":
    sys.exit(main())
