"""Access tokens and issuers with any single defect."""

import asyncio
import hashlib
import hmac
import json
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from townhall.chassis.auth import Keys, Trust

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
OFTEN = 5
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
OTHER_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)


def b64(value: bytes) -> str:
    """Encode bytes as base64url without padding."""
    return urlsafe_b64encode(value).rstrip(b"=").decode()


def without(whole: Mapping[str, Any], name: str) -> dict[str, Any]:
    """Return the mapping without one key."""
    return {key: value for key, value in whole.items() if key != name}


def signed(header: Mapping[str, Any] | bytes, claims: Mapping[str, Any] | bytes, key: rsa.RSAPrivateKey = KEY) -> str:
    """Return a correctly signed token of any content. Bytes are used as they are."""
    open_part = _open(header, claims)
    return f"{open_part}.{b64(key.sign(open_part.encode(), padding.PKCS1v15(), hashes.SHA256()))}"


def token(header: dict[str, Any] | None = None, **claims: Any) -> str:  # noqa: ANN401  a claim can be anything, that is the point
    """Return a valid token, except for the given header fields and claims."""
    return signed({**HEADER, **(header or {})}, CLAIMS | claims)


def signed_with_public_key() -> str:
    """Return a token of the algorithm-confusion attack: an HMAC with the public key as secret."""
    secret = KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    open_part = _open(HEADER | {"alg": "HS256"}, CLAIMS)
    return f"{open_part}.{b64(hmac.digest(secret, open_part.encode(), hashlib.sha256))}"


def jwk(kid: str, key: rsa.RSAPrivateKey = KEY, **more: Any) -> dict[str, Any]:  # noqa: ANN401  so can a member
    """Return a public key as a JWK."""
    numbers = key.public_key().public_numbers()
    n, e = (b64(value.to_bytes((value.bit_length() + 7) // 8, "big")) for value in (numbers.n, numbers.e))
    return {"kty": "RSA", "use": "sig", "alg": "RS256", "kid": kid, "n": n, "e": e} | more


class Issuer:
    """Serves keys, counts requests, and can be unavailable. Its clocks are set by the test."""

    def __init__(self) -> None:
        self.document: Any = {"keys": [jwk("k1")]}
        self.error: Exception | None = None
        self.fetches = 0
        self.fetched_often = asyncio.Event()
        self.now = float(NOW)
        self.elapsed = 0.0

    async def fetch(self) -> bytes:
        """Return the JWKS, or raise `error` if that is set. A document of bytes is returned as it is."""
        self.fetches += 1
        if self.fetches == OFTEN:
            self.fetched_often.set()
        if self.error is not None:
            raise self.error
        return self.document if isinstance(self.document, bytes) else json.dumps(self.document).encode()

    def keys(self, **trust_settings: float) -> Keys:
        """Return the keys of this issuer, as a service uses them."""
        trust = Trust(ISSUER, "townhall", **trust_settings)
        return Keys(self.fetch, trust, now=lambda: self.now, elapsed=lambda: self.elapsed)


def _open(header: Mapping[str, Any] | bytes, claims: Mapping[str, Any] | bytes) -> str:
    return ".".join(b64(part if isinstance(part, bytes) else json.dumps(part).encode()) for part in (header, claims))
