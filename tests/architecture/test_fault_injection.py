"""Fault injection refers to functions of the product by name; each of these names must exist."""

import json
import subprocess
import sys
from importlib import import_module
from operator import attrgetter
from pathlib import Path

import pytest

from tests.architecture.repository import ROOT, SERVICES

CRASH_POINTS = (ROOT / "tests" / "journeys" / "crashing" / "crash_points.txt").read_text().splitlines()
MUTANTS = sorted((ROOT / "tests" / "campaign" / "mutants").glob("*.py"))
APPLY_MUTANTS = """
import importlib, importlib.util, json, os, pathlib, sys, traceback
mutants, services = json.loads(sys.argv[1]), sys.argv[2:]
os.environ.update({f"{service.upper()}_KAFKA_SERVERS": "nowhere" for service in services})
for service in services:
    importlib.import_module(f"{service}.app")
for file in mutants:
    child = os.fork()
    if child:
        os.waitpid(child, 0)
        continue
    try:
        spec = importlib.util.spec_from_file_location("mutant", file)
        mutant = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(mutant)
        for service in services:
            mutant.inject(service, pathlib.Path("nowhere"))
        print(json.dumps([file, "applied"]), flush=True)
    except BaseException:
        print(json.dumps([file, traceback.format_exc()]), flush=True)
    finally:
        os._exit(0)
"""
"""Applies each mutant in a fork of one process that has loaded the services, and prints a line of JSON about it."""


@pytest.mark.parametrize("line", CRASH_POINTS)
def test_a_crash_point_exists(line: str) -> None:
    """Each line of `crash_points.txt` names a function of the product."""
    _, point, _ = line.split()
    module, _, name = point.partition(":")
    assert callable(attrgetter(name)(import_module(module)))


@pytest.fixture(scope="module")
def outcomes() -> dict[str, str]:
    """What became of each mutant: `applied`, or a traceback."""
    command = [sys.executable, "-c", APPLY_MUTANTS, json.dumps([str(each) for each in MUTANTS]), *SERVICES]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return dict(json.loads(line) for line in done.stdout.splitlines())


@pytest.mark.process
@pytest.mark.xdist_group("mutants")
@pytest.mark.parametrize("mutant", MUTANTS, ids=[each.stem for each in MUTANTS])
def test_a_mutant_can_be_applied(mutant: Path, outcomes: dict[str, str]) -> None:
    """Each mutant of the campaign finds the code it changes, in every service."""
    assert outcomes[str(mutant)] == "applied"
