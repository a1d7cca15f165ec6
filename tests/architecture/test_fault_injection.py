"""Fault injection refers to functions of the product by name; each of these names must exist."""

import subprocess
import sys
from importlib import import_module
from operator import attrgetter

import pytest

from tests.architecture.repository import ROOT, SERVICES

CRASH_POINTS = (ROOT / "tests" / "journeys" / "crashing" / "crash_points.txt").read_text().splitlines()
MUTANTS = sorted((ROOT / "tests" / "campaign" / "mutants").glob("*.py"))
APPLY_MUTANT = """
import importlib.util, os, pathlib, sys
name, services = sys.argv[1], sys.argv[2:]
os.environ.update({f"{service.upper()}_KAFKA_SERVERS": "nowhere" for service in services})
spec = importlib.util.spec_from_file_location("mutant", name)
mutant = importlib.util.module_from_spec(spec)
spec.loader.exec_module(mutant)
for service in services:
    mutant.inject(service, pathlib.Path("nowhere"))
"""


@pytest.mark.parametrize("line", CRASH_POINTS)
def test_a_crash_point_exists(line: str) -> None:
    """Each line of `crash_points.txt` names a function of the product."""
    _, point, _ = line.split()
    module, _, name = point.partition(":")
    assert callable(attrgetter(name)(import_module(module)))


@pytest.mark.process
@pytest.mark.parametrize("mutant", MUTANTS, ids=[each.stem for each in MUTANTS])
def test_a_mutant_can_be_applied(mutant: object) -> None:
    """Each mutant of the campaign finds the code it changes, in every service."""
    command = [sys.executable, "-c", APPLY_MUTANT, str(mutant), *SERVICES]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
