"""Crashes and mistakes are planted from outside, by names in the product: where a name moved, nothing would happen."""

import subprocess
import sys
from importlib import import_module
from operator import attrgetter

import pytest

from tests.architecture.places import ROOT, SERVICES

PLACES = (ROOT / "tests" / "journeys" / "crashing" / "places.txt").read_text().splitlines()
MUTANTS = sorted((ROOT / "tests" / "campaign" / "mutants").glob("*.py"))
PLANT = """
import importlib.util, os, pathlib, sys
name, services = sys.argv[1], sys.argv[2:]
os.environ.update({f"{service.upper()}_KAFKA_SERVERS": "nowhere" for service in services})
spec = importlib.util.spec_from_file_location("mutant", name)
mutant = importlib.util.module_from_spec(spec)
spec.loader.exec_module(mutant)
for service in services:
    mutant.plant(service, pathlib.Path("nowhere"))
"""


@pytest.mark.parametrize("line", PLACES)
def test_a_place_to_crash_at_is_there(line: str) -> None:
    """Each line of `places.txt` names a function of the product."""
    _, place, _ = line.split()
    module, _, name = place.partition(":")
    assert callable(attrgetter(name)(import_module(module)))


@pytest.mark.process
@pytest.mark.parametrize("mutant", MUTANTS, ids=[each.stem for each in MUTANTS])
def test_a_mutant_can_be_planted(mutant: object) -> None:
    """Each mutant of the campaign finds what it changes, in every service."""
    words = [sys.executable, "-c", PLANT, str(mutant), *SERVICES]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
