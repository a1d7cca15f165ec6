"""What a citizen is called in one vote: a keyed name that says nothing about them and differs from vote to vote."""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.keywrap import aes_key_unwrap, aes_key_wrap

from voting.domain.ballot import Voter


class MasterKeyUnknown(Exception):
    """A vote's key was sealed under a master key this service was not given."""


@dataclass(frozen=True, slots=True)
class SealedKey:
    """The key of one vote as it is stored: wrapped under a version of the master key (RFC 3394)."""

    wrapped: bytes = field(repr=False)
    version: int
    """The master key's version; fixed with the vote, so that a new master key changes nobody's name in it."""


@dataclass(frozen=True, slots=True)
class Keyring:
    """The master keys by version. New votes use `current`; older ones open with the key they were sealed under."""

    current: int
    masters: Mapping[int, bytes] = field(repr=False)

    def seal(self, key: bytes) -> SealedKey:
        """Wrap the new key of a vote."""
        return SealedKey(aes_key_wrap(self._master(self.current), key), self.current)

    def open(self, sealed: SealedKey) -> bytes:
        """Unwrap the key of a vote; raises when it was sealed under a key we don't have."""
        return aes_key_unwrap(self._master(sealed.version), sealed.wrapped)

    def _master(self, version: int) -> bytes:
        try:
            return self.masters[version]
        except KeyError:
            raise MasterKeyUnknown from None


def voter(key: bytes, subject: str) -> Voter:
    """Return what the citizen is called in the vote of this key (V7)."""
    return Voter(hmac.digest(key, subject.encode(errors="surrogatepass"), "sha256"))
