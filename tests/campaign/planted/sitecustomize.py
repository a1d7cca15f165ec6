"""Plants faults and mutants into the services of a campaign, from outside the product.

Python loads this at the start of every process that has this directory on its path. `TOWNHALL_PLANTED` names files,
separated as in a path; each has a function `plant(service, switches)`. `TOWNHALL_SWITCHES` is a directory whose files
turn what is planted on and off while it runs. Only services are planted, never a migration or the campaign itself.
"""

import importlib.util
import os
import traceback
from pathlib import Path

from tests.campaign.planted.switches import Switches

SERVICES = ("proposal", "voting", "committee", "evaluation")


def _plant(file: str, service: str) -> None:
    spec = importlib.util.spec_from_file_location(f"planted_{Path(file).stem}", file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    module.plant(service, Switches(Path(os.environ["TOWNHALL_SWITCHES"])))


def _plant_all() -> None:
    for service in SERVICES:
        if f"{service.upper()}_PORT" in os.environ:
            for file in filter(None, os.environ.get("TOWNHALL_PLANTED", "").split(os.pathsep)):
                _plant(file, service)


try:
    _plant_all()
except Exception:  # noqa: BLE001  a service without its fault would pass an examination it never sat
    traceback.print_exc()
    os._exit(70)
