"""`python -m tests.campaign`: one seeded run of faults against the whole platform, judged from outside."""

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
from tests.campaign.course import carry_out
from tests.campaign.disk import can_mount
from tests.campaign.run import Run


def main(words: Sequence[str] | None = None) -> int:
    """Carry out one run; the exit code is 1 when a promise was broken, 3 when the fault can't be made here."""
    asked = _parser().parse_args(words)
    if asked.list:
        _list()
        return 0
    run = _run(asked)
    if FAULTS[run.fault].small_disk and not can_mount():
        print(f"{run.fault} can't be made here: this process may not mount a small disk")
        return 3
    return _carried_out(run, quiet=asked.json, keep=asked.keep)


def _run(asked: argparse.Namespace) -> Run:
    """Complete what was asked: a mutant comes with the fault that reveals it."""
    mutant = MUTANTS.get(asked.mutant or "")
    fault = asked.fault or (mutant.fault if mutant else "none")
    secs = asked.secs or (mutant.secs if mutant else 20.0)
    seed = secrets.randbelow(1_000_000) if asked.seed is None else asked.seed
    return Run(seed, fault, asked.mutant or "", secs, asked.broker, asked.brief)


def _carried_out(run: Run, *, quiet: bool, keep: bool) -> int:
    began, directory = time.monotonic(), Path(tempfile.mkdtemp(prefix="townhall-campaign-"))

    def say(what: str) -> None:
        if not quiet:
            print(f"{time.monotonic() - began:6.1f} s  {what}", file=sys.stderr, flush=True)

    again = f"--seed {run.seed} --fault {run.fault}" + (f" --mutant {run.mutant}" if run.mutant else "")
    say(f"{again} --secs {run.secs:g} --broker {run.broker}")
    # Told to end, it ends what it started and unmounts what it mounted.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    verdict = asyncio.run(carry_out(run, directory, say))
    for rule, said in verdict.broken[:20]:
        say(f"BROKEN {rule}: {said}")
    print(json.dumps(verdict.told(), ensure_ascii=False), flush=True)
    if verdict.ok or not keep:
        shutil.rmtree(directory, ignore_errors=True)
    else:
        say(f"what the processes said is in {directory}")
    return 0 if verdict.ok else 1


def _list() -> None:
    print("faults:")
    for name, fault in FAULTS.items():
        possible = not fault.small_disk or can_mount()
        print(f"  {name:<20}{fault.says}" + ("" if possible else " (not here: this process may not mount)"))
    print("mutants, each with the fault that reveals it:")
    for name, mutant in MUTANTS.items():
        print(f"  {name:<24}{mutant.fault:<16}{mutant.says}")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="make campaign", description=__doc__)
    parser.add_argument("--seed", type=int, help="repeats the schedule and the dice of another run")
    parser.add_argument("--fault", choices=FAULTS, help="by default none, or the one that reveals the mutant")
    parser.add_argument("--mutant", choices=MUTANTS, help="plants a mistake, which has to be found")
    parser.add_argument("--secs", type=float, help="seconds of load and faults (20)")
    parser.add_argument("--broker", choices=("tansu", "kafka"), default="tansu")
    parser.add_argument("--brief", action="store_true", help="leave out replay from offset 0 and refill of the broker")
    parser.add_argument("--json", action="store_true", help="print nothing but the last line")
    parser.add_argument("--keep", action="store_true", help="keep data and logs of a run that broke a promise")
    parser.add_argument("--list", action="store_true", help="name all faults and mutants")
    return parser


if __name__ == "__main__":
    sys.exit(main())
