"""The campaign in short: every fault once, and some mutants, to show that the checker can fail."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.campaign.catalogue import FAULTS, MUTANTS
from townhall.testing.brokers import KIND

pytestmark = pytest.mark.campaign

ROOT = Path(__file__).parents[2]
CANT = 3
"""The exit code of a fault that can't be made here; `--list` says why."""
IN_FULL = {"none", "duplicates"}
"""Runs that also replay the topics and refill the broker."""
CAUGHT_IN_SHORT = ("asynchronous_commit", "mark_before_ack", "inbox_apart", "no_parking")


def campaign(*words: str) -> tuple[int, dict[str, Any]]:
    """Carry out one run; return its exit code and its verdict."""
    broker = os.environ.get(KIND, "tansu")
    command = [sys.executable, "-m", "tests.campaign", "--json", "--broker", broker, *words]
    done = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True, timeout=300)
    lines = [line for line in done.stdout.splitlines() if line.startswith("{")]
    assert lines or done.returncode == CANT, done.stdout + done.stderr
    return done.returncode, json.loads(lines[-1]) if lines else {}


@pytest.mark.parametrize("fault", FAULTS)
def test_promises_hold_under(fault: str) -> None:
    """No acknowledged ballot is lost or doubled, and all the rest of the process follows once."""
    code, verdict = campaign("--seed", "1", "--fault", fault, "--secs", "6", *([] if fault in IN_FULL else ["--brief"]))
    assert code in {0, CANT}, verdict


@pytest.mark.parametrize("mutant", CAUGHT_IN_SHORT)
def test_the_checker_catches(mutant: str) -> None:
    """A mistake that is planted is found."""
    code, verdict = campaign("--seed", "1", "--mutant", mutant, "--secs", str(MUTANTS[mutant].secs))
    assert code == 1, verdict
    assert verdict["broken"]
