"""The import contracts bite: shown on a copy of the api with something wrong in it."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.architecture.places import ROOT, SOURCES

pytestmark = [pytest.mark.process, pytest.mark.xdist_group("imports")]

WRONG = {
    "a stray module": ("voting/utils.py", "", "not listed as layers"),
    "another service's code": ("voting/handlers.py", "import committee.store\n", "Services share topics, never code"),
    "a framework in a domain": ("committee/domain/case.py", "import sqlalchemy\n", "A domain is plain functions"),
    "an upward import": ("proposal/store/timeline.py", "import proposal.handlers\n", "A service reads one way"),
    "SQL in a handler": ("evaluation/handlers.py", "import sqlalchemy\n", "speak SQL"),
    "a test's parts in production": ("townhall/chassis/serve.py", "import townhall.embedded\n", "embedded parts"),
    "a service inside the command": ("townhall_local/running.py", "import voting\n", "from outside"),
}


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a copy of the six packages side by side, with the contracts."""
    copy = tmp_path_factory.mktemp("api")
    for source in SOURCES:
        shutil.copytree(source, copy, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / ".importlinter", copy)
    return copy


def verdict(api: Path) -> tuple[int, str]:
    """Check the contracts there; return the exit code and what was said."""
    checker = [str(Path(sys.executable).parent / "lint-imports"), "--no-cache"]
    environment = os.environ | {"PYTHONPATH": str(api), "NO_COLOR": "1", "COLUMNS": "200"}
    done = subprocess.run(checker, cwd=api, env=environment, check=False, capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr


def test_the_house_as_it_is_keeps_its_contracts(api: Path) -> None:
    """Nothing is wrong with the copy, so what the other tests see is what they broke."""
    code, said = verdict(api)
    assert code == 0, said


@pytest.mark.parametrize(("place", "line", "complaint"), WRONG.values(), ids=WRONG.keys())
def test_it_is_refused(api: Path, place: str, line: str, complaint: str) -> None:
    """Each kind of shortcut fails the check, and the check says which contract it broke."""
    path = api / place
    before = path.read_text() if path.exists() else None
    path.write_text((before or '"""A drawer for everything."""\n') + line)
    try:
        code, said = verdict(api)
    finally:
        path.write_text(before) if before is not None else path.unlink()
    assert code != 0
    assert complaint in said
