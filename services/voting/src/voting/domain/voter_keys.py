"""Pseudonyms of citizens: a keyed hash with a key per vote, so that ballots can't be linked across votes (V7)."""

import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Final

from cryptography.hazmat.primitives.keywrap import InvalidUnwrap, aes_key_unwrap, aes_key_wrap

from townhall.rejected import Rejected
from voting.domain.ballot import VoterHash

HASH_BYTES: Final = 16
"""Length of a pseudonym. NIST SP 800-107 allows to truncate an HMAC; 128 bits suffice against collisions by chance, and
nobody without the vote's key can search for one."""


class MasterKeyUnknown(Rejected):
    """The key of a vote is wrapped under a master key that is not in the settings, or is another one there."""

    code = "vote-key-unavailable"
    rule = "V7"
    status = 503
    title = "Ballots of this vote cannot be processed at the moment."
    headers: ClassVar[Mapping[str, str]] = {"Retry-After": "30"}


@dataclass(frozen=True, slots=True)
class SealedKey:
    """The key of one vote as it is stored: wrapped under a master key (AES key wrap, RFC 3394)."""

    wrapped: bytes = field(repr=False)
    version: int
    """The version of the master key. It never changes for a vote, so neither do the pseudonyms in it."""


@dataclass(frozen=True, slots=True)
class Keyring:
    """The master keys by version. `current` wraps the keys of new votes; the others unwrap those of earlier votes."""

    current: int
    masters: Mapping[int, bytes] = field(repr=False)

    def seal(self, key: bytes) -> SealedKey:
        """Wrap the key of a new vote under the current master key."""
        return SealedKey(aes_key_wrap(self._master(self.current), key), self.current)

    def open(self, sealed: SealedKey) -> bytes:
        """Unwrap the key of a vote.

        Raises `MasterKeyUnknown`: a wrong pseudonym would let everybody vote a second time.
        """
        try:
            return aes_key_unwrap(self._master(sealed.version), sealed.wrapped)
        except InvalidUnwrap:
            raise MasterKeyUnknown from None

    def _master(self, version: int) -> bytes:
        try:
            return self.masters[version]
        except KeyError:
            raise MasterKeyUnknown from None


def pseudonyms(key: bytes) -> Callable[[str], VoterHash]:
    """Return `voter_hash` of one vote, with the key's half of the computation done once."""
    prepared = hmac.new(key, digestmod="sha256")

    def pseudonym(citizen: str) -> VoterHash:
        state = prepared.copy()
        state.update(citizen.encode(errors="surrogatepass"))
        return VoterHash(state.digest()[:HASH_BYTES])

    return pseudonym


def voter_hash(key: bytes, citizen: str) -> VoterHash:
    """Return the pseudonym of a citizen, named by issuer and subject, in the vote with this key (V7).

    It is the first 16 bytes of an HMAC-SHA256. Two of n citizens share one with a probability below n^2 / 2^129: 3 in
    10^24 for 43 million.
    """
    return VoterHash(hmac.digest(key, citizen.encode(errors="surrogatepass"), "sha256")[:HASH_BYTES])
