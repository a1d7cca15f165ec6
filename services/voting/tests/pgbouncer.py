"""PgBouncer in transaction mode before a PostgreSQL of the tests."""

import os
import shutil
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from townhall.chassis.database_url import DatabaseUrl
from townhall.embedded.binaries import NOBODY
from townhall.embedded.ports import HOST, start_on_port
from townhall.embedded.process import SAME_USER, CannotStart, Child

SERVERS: Final = 3
"""Connections to PostgreSQL: fewer than clients, so that each is used by all of them."""
_CONFIGURATION: Final = """
[databases]
* = host={host} port={port}
[pgbouncer]
listen_addr = {listen}
listen_port = {own}
unix_socket_dir =
auth_type = scram-sha-256
auth_file = {directory}/users.txt
pool_mode = transaction
default_pool_size = {servers}
server_login_retry = 1
"""


@contextmanager
def pooled(url: DatabaseUrl) -> Iterator[DatabaseUrl]:
    """Run PgBouncer while the block runs; yields the same database through it."""
    program = shutil.which("pgbouncer", path=f"{os.environ.get('PATH', os.defpath)}:/usr/sbin")
    if program is None:
        raise CannotStart("PgBouncer is not installed: apt-get install pgbouncer")
    owner = (NOBODY, NOBODY) if os.geteuid() == 0 else SAME_USER
    with tempfile.TemporaryDirectory(prefix="townhall-pgbouncer-") as name:
        directory = Path(name)

        def launch(port: int) -> Child:
            _configure(directory, url, port)
            return Child([program, directory / "pgbouncer.ini"], log=directory / "pgbouncer.log", owner=owner)

        child, port = start_on_port(launch, _answers, port=0, within=10.0, name="PgBouncer")
        try:
            ((host, direct),) = url.hosts
            yield DatabaseUrl.parse(url.dsn.replace(f"{host}:{direct}/", f"{HOST}:{port}/"))
        finally:
            child.kill()


def _configure(directory: Path, url: DatabaseUrl, port: int) -> None:
    ((host, direct),) = url.hosts
    text = _CONFIGURATION.format(host=host, port=direct, listen=HOST, own=port, directory=directory, servers=SERVERS)
    for name, content in {"pgbouncer.ini": text, "users.txt": f'"{url.user}" "{url.password}"\n'}.items():
        (directory / name).write_text(content)
    if os.geteuid() == 0:
        for path in (directory, *directory.iterdir()):
            os.chown(path, NOBODY, NOBODY)


def _answers(_child: Child, port: int) -> bool:
    with suppress(OSError), socket.create_connection((HOST, port), timeout=1):
        return True
    return False
