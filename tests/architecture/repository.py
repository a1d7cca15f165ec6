"""Paths of the repository, for the tests of its structure."""

import ast
import subprocess
from functools import cache
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
SERVICES: Final = ("proposal", "voting", "committee", "evaluation")
SOURCES: Final = (
    ROOT / "shared" / "src",
    *(ROOT / "services" / name / "src" for name in SERVICES),
    ROOT / "deploy" / "local" / "src",
)
CHASSIS: Final = ROOT / "shared" / "src" / "townhall" / "chassis"


def package(service: str) -> Path:
    """Return the package directory of a service."""
    return ROOT / "services" / service / "src" / service


@cache
def tree(path: Path) -> ast.Module:
    """Return the syntax tree of a module, parsed once for all tests of a process."""
    return ast.parse(path.read_text())


@cache
def tracked(*patterns: str) -> list[Path]:
    """Return tracked and untracked files, except ignored ones, that match any of these git patterns."""
    listing = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "--", *patterns]
    names = subprocess.run(listing, cwd=ROOT, check=True, capture_output=True, text=True).stdout.splitlines()
    return sorted({ROOT / name for name in names if (ROOT / name).is_file()})


def shown(path: Path) -> str:
    """Return the path relative to the root of the repository."""
    return str(path.relative_to(ROOT))
