"""The schedule of faults follows from the seed, and the catalogue is complete."""

from itertools import pairwise
from typing import Any, Final

import pytest

from tests.campaign.catalogue import FAULTS, MUTANTS
from tests.campaign.configuration import INJECTED
from tests.campaign.configuration import MUTANTS as MUTANT_FILES
from tests.campaign.nemesis import Nemesis
from tests.campaign.schedule import schedule
from tests.campaign.series import as_expected, shows_nothing

ANY: Final[Any] = None


@pytest.mark.parametrize("fault", FAULTS)
def test_a_seed_repeats_its_schedule(fault: str) -> None:
    """The same seed gives the same strikes, 1 to 4 s apart, and the nemesis can execute each act."""
    acts = FAULTS[fault].acts
    strikes = schedule(7, acts, 60.0)
    assert strikes == schedule(7, acts, 60.0)
    assert strikes != schedule(8, acts, 60.0) or not acts
    assert all(1.0 <= later.at - earlier.at <= 4.0 for earlier, later in pairwise(strikes))
    assert set(acts) <= Nemesis(ANY, ANY, ANY).acts().keys()


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("seconds", [5.0, 10.0, 60.0])
def test_a_short_run_has_every_act_of_its_fault(fault: str, seconds: float) -> None:
    """With any seed, every act of a fault is in the schedule, in time to strike."""
    acts = FAULTS[fault].acts
    for seed in range(50):
        strikes = schedule(seed, acts, seconds)
        assert {strike.act for strike in strikes} == set(acts)
        assert all(0.5 < strike.at < seconds - 0.5 for strike in strikes)


def test_every_mutant_and_injected_fault_has_a_file() -> None:
    """Each mutant and injected fault of the catalogue has a file, and each file is in the catalogue."""
    assert {file.stem for file in MUTANT_FILES.glob("*.py")} == set(MUTANTS)
    injected = {name for fault in FAULTS.values() for name in fault.injected} | {"sitecustomize", "switches"}
    assert {file.stem for file in INJECTED.glob("*.py")} == injected
    assert {mutant.fault for mutant in MUTANTS.values()} <= set(FAULTS)


@pytest.mark.parametrize(
    ("mutant", "broken", "expected", "repeated"),
    [
        ("", {}, True, False),
        ("", {"ballot-lost": 1}, False, False),
        ("", {"fault-never-struck": 1}, False, True),
        ("", {"no-verdict": 1}, False, True),
        ("", {"fault-never-struck": 1, "ballot-lost": 1}, False, False),
        ("no_parking", {}, False, False),
        ("no_parking", {"overtaken": 1}, True, False),
        ("no_parking", {"fault-never-struck": 1}, False, True),
    ],
)
def test_only_a_run_that_shows_nothing_is_repeated(
    mutant: str, broken: dict[str, int], *, expected: bool, repeated: bool
) -> None:
    """A run that found something is never repeated, and an accident doesn't count as finding a mutant."""
    line = {"mutant": mutant, "ok": not broken, "broken": broken}
    assert (as_expected(line), shows_nothing(line)) == (expected, repeated)
