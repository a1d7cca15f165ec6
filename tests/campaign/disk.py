"""A disk of its own for PostgreSQL, small enough to be filled."""

import os
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

_FILLER: Final = "filler"
_BLOCK: Final = bytes(1 << 20)


def can_mount() -> bool:
    """Return whether this process may mount a disk: usually root may, in some containers no user."""
    if os.geteuid() != 0:
        return False
    with tempfile.TemporaryDirectory() as directory:
        mounted = subprocess.run(_mount(Path(directory), 1), check=False, capture_output=True).returncode == 0
        if mounted:
            _unmount(Path(directory))
    return mounted


@contextmanager
def small_disk(directory: Path, megabytes: int) -> Iterator[None]:
    """Mount a disk of this size at a directory while the block runs; 0 for none."""
    if not megabytes:
        yield
        return
    directory.mkdir(parents=True)
    subprocess.run(_mount(directory, megabytes), check=True)
    try:
        yield
    finally:
        _unmount(directory)


def fill(directory: Path) -> None:
    """Fill the disk completely."""
    with suppress(OSError), (directory / _FILLER).open("ab", buffering=0) as filler:
        while True:
            filler.write(_BLOCK)
    with suppress(OSError), (directory / _FILLER).open("ab", buffering=0) as filler:
        while filler.write(b"\0" * 4096):
            pass


def empty(directory: Path) -> None:
    """Free the space again."""
    (directory / _FILLER).unlink(missing_ok=True)


def _unmount(directory: Path) -> None:
    subprocess.run(["/usr/bin/env", "umount", "-l", str(directory)], check=False)


def _mount(directory: Path, megabytes: int) -> list[str]:
    return ["/usr/bin/env", "mount", "-t", "tmpfs", "-o", f"size={megabytes}m,mode=755", "none", str(directory)]
