"""The data directory: the state of a platform that survives a restart."""

import fcntl
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from townhall.embedded import issuer
from townhall_local.errors import CommandError
from townhall_local.running_platform import FILE

_OWNER_ONLY = 0o700


class DataDirectory:
    """A data directory. Its keys are generated once and readable by their owner only."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory.absolute()
        self.logs = self.directory / "logs"
        self._keys = self.directory / "keys"
        self._lock = self.directory / "lock"

    def require_unlocked(self) -> None:
        """Raise `CommandError` if another process holds the lock. Creates nothing."""
        if self._lock.exists():
            with self._lock.open("a") as lock:
                self._acquire(lock)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Create the directory if needed and lock it; raises `CommandError` if another process holds the lock."""
        try:
            self.directory.mkdir(mode=_OWNER_ONLY, parents=True, exist_ok=True)
            self.logs.mkdir(exist_ok=True)
            self._keys.mkdir(mode=_OWNER_ONLY, exist_ok=True)
            lock = self._lock.open("a")
        except OSError as error:
            raise CommandError(f"The data directory {self.directory} can't be used: {error.strerror}.") from error
        with lock:
            self._acquire(lock)
            try:
                self._remove_addresses()
                yield
            finally:
                self._remove_addresses()

    def secret(self, name: str) -> str:
        """Return the random key of this name: 32 bytes as hexadecimal digits, generated at the first call."""
        return self._stored(name, secrets.token_hex(32).encode()).read_text()

    def signing_key(self) -> RSAPrivateKey:
        """Return the signing key of the local issuer, generated at the first call."""
        file = self._keys / "issuer.pem"
        return issuer.key_in(file if file.exists() else self._stored(file.name, issuer.pem(issuer.new_key())))

    @property
    def last_broker(self) -> str | None:
        """The kind of broker that all events were last published to; None before the first start."""
        file = self.directory / "broker"
        return file.read_text() if file.exists() else None

    def record_broker(self, kind: str) -> None:
        """Record that all events are published to this kind of broker from now on."""
        (self.directory / "broker").write_text(kind)

    def _acquire(self, lock: IO[str]) -> None:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise CommandError(f"Another `townhall up` runs on {self.directory}; choose another --data-dir.") from None

    def _stored(self, name: str, content: bytes) -> Path:
        """Return the key file of this name; if there is none, create it with this content, atomically."""
        file = self._keys / name
        if not file.exists():
            new = self._keys / f".{name}"
            new.touch(mode=0o600)
            new.write_bytes(content)
            new.rename(file)
        return file

    def _remove_addresses(self) -> None:
        (self.directory / FILE).unlink(missing_ok=True)
