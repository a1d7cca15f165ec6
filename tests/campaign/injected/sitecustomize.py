"""Injects faults and mutants into the services of a campaign, from outside the product.

Python imports this module at the start of every process that has this directory on its path. `TOWNHALL_INJECTED` names
files, separated as in a path; each has a function `inject(service, switches)`. `TOWNHALL_SWITCHES` is a directory whose
files turn the injected code on and off while it runs. Only services are changed, never a migration or the campaign.
"""

import importlib.util
import os
import traceback
from pathlib import Path

from tests.campaign.injected.switches import Switches

SERVICES = ("proposal", "voting", "committee", "evaluation")


def _inject(file: str, service: str) -> None:
    spec = importlib.util.spec_from_file_location(f"injected_{Path(file).stem}", file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    module.inject(service, Switches(Path(os.environ["TOWNHALL_SWITCHES"])))


def _inject_all() -> None:
    for service in SERVICES:
        if f"{service.upper()}_PORT" in os.environ:
            for file in filter(None, os.environ.get("TOWNHALL_INJECTED", "").split(os.pathsep)):
                _inject(file, service)


try:
    _inject_all()
except Exception:  # noqa: BLE001  a service that runs without its fault would make the run meaningless
    traceback.print_exc()
    os._exit(70)
