"""Tokens and issuers that can be wrong in any one way."""

import hashlib
import hmac
import json
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from townhall.chassis.auth import Keys

NOW = 1_800_000_000
ISSUER = "https://issuer.example"
HEADER = {"alg": "RS256", "kid": "k1", "typ": "at+jwt"}
CLAIMS = {
    "iss": ISSUER,
    "aud": "townhall",
    "sub": "김하나",
    "jti": "1",
    "iat": NOW,
    "exp": NOW + 900,
    "roles": ["citizen"],
}
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
OTHER_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)


def b64(value: bytes) -> str:
    """Write bytes as JOSE does."""
    return urlsafe_b64encode(value).rstrip(b"=").decode()


def without(whole: Mapping[str, Any], name: str) -> dict[str, Any]:
    """Return a mapping that lacks one name."""
    return {key: value for key, value in whole.items() if key != name}


def signed(header: Mapping[str, Any] | bytes, claims: Mapping[str, Any] | bytes, key: rsa.RSAPrivateKey = KEY) -> str:
    """Return a token whose signature fits, whatever it says. Bytes are taken as they are."""
    open_part = _open(header, claims)
    return f"{open_part}.{b64(key.sign(open_part.encode(), padding.PKCS1v15(), hashes.SHA256()))}"


def token(header: dict[str, Any] | None = None, **claims: Any) -> str:  # noqa: ANN401  a claim can be anything, that is the point
    """Return a good token, but for what is given."""
    return signed({**HEADER, **(header or {})}, CLAIMS | claims)


def signed_with_public_key() -> str:
    """Return the token of the oldest trick: an HMAC whose secret is the public key."""
    secret = KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    open_part = _open(HEADER | {"alg": "HS256"}, CLAIMS)
    return f"{open_part}.{b64(hmac.digest(secret, open_part.encode(), hashlib.sha256))}"


def jwk(kid: str, key: rsa.RSAPrivateKey = KEY, **more: Any) -> dict[str, Any]:  # noqa: ANN401  so can a member
    """Return a public key as an issuer publishes it."""
    numbers = key.public_key().public_numbers()
    n, e = (b64(value.to_bytes((value.bit_length() + 7) // 8, "big")) for value in (numbers.n, numbers.e))
    return {"kty": "RSA", "use": "sig", "alg": "RS256", "kid": kid, "n": n, "e": e} | more


class Issuer:
    """Publishes keys, counts how often it was asked, and can be away. Its clocks stand still until moved."""

    def __init__(self) -> None:
        self.document: Any = {"keys": [jwk("k1")]}
        self.away = False
        self.asked = 0
        self.now = float(NOW)
        self.elapsed = 0.0

    async def fetch(self) -> bytes:
        """Answer a service that asks for the keys."""
        self.asked += 1
        if self.away:
            raise ConnectionRefusedError
        return json.dumps(self.document).encode()

    def keys(self) -> Keys:
        """Return a service's view of this issuer."""
        return Keys(self.fetch, issuer=ISSUER, audience="townhall", now=lambda: self.now, elapsed=lambda: self.elapsed)


def _open(header: Mapping[str, Any] | bytes, claims: Mapping[str, Any] | bytes) -> str:
    return ".".join(b64(part if isinstance(part, bytes) else json.dumps(part).encode()) for part in (header, claims))
