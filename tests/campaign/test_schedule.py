"""A seed says all: the same one brings the same trouble."""

from itertools import pairwise

import pytest

from tests.campaign.catalogue import FAULTS, MUTANTS
from tests.campaign.nemesis import Nemesis, schedule
from tests.campaign.setting import MUTANTS as MUTANT_FILES
from tests.campaign.setting import PLANTED


@pytest.mark.parametrize("fault", FAULTS)
def test_a_seed_repeats_its_schedule(fault: str) -> None:
    """Every strike comes at its time again, 1 to 4 s after the one before, and the nemesis knows how."""
    acts = FAULTS[fault].acts
    strikes = schedule(7, acts, 60.0)
    assert strikes == schedule(7, acts, 60.0)
    assert strikes != schedule(8, acts, 60.0) or not acts
    assert all(1.0 <= later.at - sooner.at <= 4.0 for sooner, later in pairwise(strikes))
    assert all(hasattr(Nemesis, "_" + act.replace("-", "_")) for act in acts)


def test_what_is_planted_is_there() -> None:
    """Each mutant and each planted fault has its file, and no file is without its entry."""
    assert {file.stem for file in MUTANT_FILES.glob("*.py")} == set(MUTANTS)
    planted = {fault.plant for fault in FAULTS.values() if fault.plant} | {"sitecustomize"}
    assert {file.stem for file in PLANTED.glob("*.py")} == planted
    assert {mutant.fault for mutant in MUTANTS.values()} <= set(FAULTS)
