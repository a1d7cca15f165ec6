"""Where things are, for the tests that look at the api itself."""

import subprocess
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
    """Return the folder of a service's code."""
    return ROOT / "services" / service / "src" / service


def tracked(*patterns: str) -> list[Path]:
    """Return the files that are or will be in the repository, matching any of git's patterns."""
    listing = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "--", *patterns]
    names = subprocess.run(listing, cwd=ROOT, check=True, capture_output=True, text=True).stdout.splitlines()
    return sorted({ROOT / name for name in names if (ROOT / name).is_file()})


def shown(path: Path) -> str:
    """Return a path as a reader of the repository writes it."""
    return str(path.relative_to(ROOT))
