"""A seed says all: the same one brings the same trouble."""

from itertools import pairwise
from typing import Any, Final

import pytest

from tests.campaign.catalogue import FAULTS, MUTANTS
from tests.campaign.nemesis import Nemesis
from tests.campaign.schedule import schedule
from tests.campaign.series import as_expected, shows_nothing
from tests.campaign.setting import MUTANTS as MUTANT_FILES
from tests.campaign.setting import PLANTED

ANY: Final[Any] = None


@pytest.mark.parametrize("fault", FAULTS)
def test_a_seed_repeats_its_schedule(fault: str) -> None:
    """Every strike comes at its time again, 1 to 4 s after the one before, and the nemesis knows how."""
    acts = FAULTS[fault].acts
    strikes = schedule(7, acts, 60.0)
    assert strikes == schedule(7, acts, 60.0)
    assert strikes != schedule(8, acts, 60.0) or not acts
    assert all(1.0 <= later.at - sooner.at <= 4.0 for sooner, later in pairwise(strikes))
    assert set(acts) <= Nemesis(ANY, ANY, ANY).acts().keys()


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("seconds", [5.0, 10.0, 60.0])
def test_a_short_run_has_every_act_of_its_fault(fault: str, seconds: float) -> None:
    """Whatever the seed, no act of a fault is left out, and each has time to strike."""
    acts = FAULTS[fault].acts
    for seed in range(50):
        strikes = schedule(seed, acts, seconds)
        assert {strike.act for strike in strikes} == set(acts)
        assert all(0.5 < strike.at < seconds - 0.5 for strike in strikes)


def test_what_is_planted_is_there() -> None:
    """Each mutant and each planted fault has its file, and no file is without its entry."""
    assert {file.stem for file in MUTANT_FILES.glob("*.py")} == set(MUTANTS)
    planted = {plant for fault in FAULTS.values() for plant in fault.plants} | {"sitecustomize", "switches"}
    assert {file.stem for file in PLANTED.glob("*.py")} == planted
    assert {mutant.fault for mutant in MUTANTS.values()} <= set(FAULTS)


@pytest.mark.parametrize(
    ("mutant", "broken", "expected", "spoilt"),
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
def test_only_a_run_that_shows_nothing_is_made_again(
    mutant: str, broken: dict[str, int], *, expected: bool, spoilt: bool
) -> None:
    """What was found once is never tried until it goes away, and a mutant is caught by findings alone."""
    line = {"mutant": mutant, "ok": not broken, "broken": broken}
    assert (as_expected(line), shows_nothing(line)) == (expected, spoilt)
