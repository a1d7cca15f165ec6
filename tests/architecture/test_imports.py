"""The import contracts detect violations: shown on a copy of the code with one added."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.architecture.repository import ROOT, SOURCES

pytestmark = [pytest.mark.process, pytest.mark.xdist_group("imports")]

VIOLATIONS = {
    "a stray module": ("voting/utils.py", "", "not listed as layers"),
    "another service's code": ("voting/handlers.py", "import committee.store\n", "Services share topics, never code"),
    "a framework in a domain": ("committee/domain/case.py", "import sqlalchemy\n", "A domain is plain functions"),
    "an upward import": ("proposal/store/timeline.py", "import proposal.handlers\n", "A service reads one way"),
    "SQL in a handler": ("evaluation/handlers.py", "import sqlalchemy\n", "speak SQL"),
    "test fixtures in production": ("townhall/chassis/serve.py", "import townhall.embedded\n", "embedded parts"),
    "a service inside the command": ("townhall_local/options.py", "import voting\n", "from outside"),
}


@pytest.fixture(scope="module")
def code_copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the six packages side by side, with the contracts."""
    copy = tmp_path_factory.mktemp("code")
    for source in SOURCES:
        shutil.copytree(source, copy, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / ".importlinter", copy)
    return copy


def check(code_copy: Path) -> tuple[int, str]:
    """Run lint-imports on the copy; return its exit code and output."""
    checker = [str(Path(sys.executable).parent / "lint-imports"), "--no-cache"]
    environment = os.environ | {"PYTHONPATH": str(code_copy), "NO_COLOR": "1", "COLUMNS": "200"}
    done = subprocess.run(checker, cwd=code_copy, env=environment, check=False, capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr


def test_the_unchanged_code_keeps_all_contracts(code_copy: Path) -> None:
    """So the failures of the other tests are caused by their changes."""
    exit_code, output = check(code_copy)
    assert exit_code == 0, output


@pytest.mark.parametrize(("module", "line", "message"), VIOLATIONS.values(), ids=VIOLATIONS.keys())
def test_a_violation_is_detected(code_copy: Path, module: str, line: str, message: str) -> None:
    """The check fails and names the contract that is broken."""
    path = code_copy / module
    before = path.read_text() if path.exists() else None
    path.write_text((before or '"""A module without a purpose."""\n') + line)
    try:
        exit_code, output = check(code_copy)
    finally:
        path.write_text(before) if before is not None else path.unlink()
    assert exit_code != 0
    assert message in output
