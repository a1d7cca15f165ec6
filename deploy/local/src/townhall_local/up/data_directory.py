"""The data directory: what of a platform is kept from one start to the next."""

import fcntl
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from townhall.embedded import issuer
from townhall_local.running import FILE
from townhall_local.trouble import Trouble

_OWNER_ONLY = 0o700


class DataDirectory:
    """A data directory. Its keys are made once, and only its owner can read them."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory.absolute()
        self.logs = self.directory / "logs"
        self._keys = self.directory / "keys"

    @contextmanager
    def held(self) -> Iterator[None]:
        """Keep the directory for this process alone; say so when another has it."""
        try:
            self.directory.mkdir(mode=_OWNER_ONLY, parents=True, exist_ok=True)
            self.logs.mkdir(exist_ok=True)
            self._keys.mkdir(mode=_OWNER_ONLY, exist_ok=True)
            lock = (self.directory / "lock").open("a")
        except OSError as fault:
            raise Trouble(f"The data directory {self.directory} can't be used: {fault.strerror}.") from fault
        with lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise Trouble(f"Another `townhall up` runs on {self.directory}; choose another --data-dir.") from None
            try:
                self._forget_addresses()
                yield
            finally:
                self._forget_addresses()

    def secret(self, name: str) -> str:
        """Return a random key of 32 bytes in hexadecimal digits, the same every time."""
        return self._kept(name, secrets.token_hex(32).encode()).read_text()

    def signing_key(self) -> RSAPrivateKey:
        """Return the key the local issuer signs with."""
        file = self._keys / "issuer.pem"
        return issuer.key_in(file if file.exists() else self._kept(file.name, issuer.pem(issuer.new_key())))

    @property
    def last_broker(self) -> str | None:
        """The kind of broker that was last told everything; None before the first start."""
        file = self.directory / "broker"
        return file.read_text() if file.exists() else None

    def remember_broker(self, kind: str) -> None:
        """Note that this kind of broker is told everything from now on."""
        (self.directory / "broker").write_text(kind)

    def _kept(self, name: str, made: bytes) -> Path:
        """Write what was made, unless something is there. Moved into place whole, so that half a key is never read."""
        file = self._keys / name
        if not file.exists():
            new = self._keys / f".{name}"
            new.touch(mode=0o600)
            new.write_bytes(made)
            new.rename(file)
        return file

    def _forget_addresses(self) -> None:
        (self.directory / FILE).unlink(missing_ok=True)
