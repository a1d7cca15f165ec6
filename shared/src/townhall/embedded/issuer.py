"""A local issuer of access tokens (RFC 9068), for demos and tests. Production settings refuse it."""

import json
import time
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Final
from uuid import uuid4

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

AUDIENCE: Final = "townhall"
LIFETIME: Final = 15 * 60
"""Seconds a token is valid."""


class Issuer:
    """Signs a token for any role and subject, without authentication."""

    def __init__(self, key: rsa.RSAPrivateKey, url: str) -> None:
        self._key = key
        self.url = url
        """The `iss` of its tokens."""
        numbers = key.public_key().public_numbers()
        public = {"e": _number(numbers.e), "kty": "RSA", "n": _number(numbers.n)}
        self.kid = _text(sha256(_json(public)).digest())
        """The key's thumbprint (RFC 7638)."""
        self.jwks = _json({"keys": [public | {"kid": self.kid, "use": "sig", "alg": "RS256"}]})
        """The document services check tokens with (RFC 7517)."""
        self._header = _text(_json({"alg": "RS256", "kid": self.kid, "typ": "at+jwt"}))

    def token(self, role: str, subject: str, *, lifetime: int = LIFETIME, **claims: object) -> str:
        """Return an access token for this person in this role. Further claims replace the usual ones."""
        now = int(time.time())  # noqa: TID251  a token's times are the wall clock's
        usual = {
            "iss": self.url, "aud": AUDIENCE, "sub": subject, "roles": [role],
            "iat": now, "exp": now + lifetime, "jti": uuid4().hex,
        }  # fmt: skip
        signed = f"{self._header}.{_text(_json(usual | claims))}"
        return f"{signed}.{_text(self._key.sign(signed.encode(), padding.PKCS1v15(), hashes.SHA256()))}"


def new_key() -> rsa.RSAPrivateKey:
    """Make a signing key."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def pem(key: rsa.RSAPrivateKey) -> bytes:
    """Write a signing key, unencrypted, for a file only its owner can read."""
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def key_in(file: Path) -> rsa.RSAPrivateKey:
    """Read a signing key that `pem` wrote."""
    key = serialization.load_pem_private_key(file.read_bytes(), password=None)
    if not isinstance(key, rsa.RSAPrivateKey):
        raise TypeError("not an RSA key")
    return key


def _json(value: Mapping[str, object]) -> bytes:
    return json.dumps(value, separators=(",", ":"), sort_keys=True).encode()


def _number(value: int) -> str:
    return _text(value.to_bytes((value.bit_length() + 7) // 8, "big"))


def _text(value: bytes) -> str:
    return urlsafe_b64encode(value).rstrip(b"=").decode()
