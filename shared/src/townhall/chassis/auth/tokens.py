"""The one place that checks an access token (RFC 9068), and the only importer of joserfc and cryptography.

Whatever a token says about how to check it is ignored: the algorithm, the keys and the issuer come from here.
"""

import json
import re
from binascii import a2b_base64
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from hashlib import sha256
from math import isfinite
from typing import Any, Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.hashes import SHA256
from joserfc.errors import JoseError
from joserfc.jwk import RSAKey
from pydantic_core import from_json

from townhall.chassis.auth.refusals import TokenExpired, TokenForged, TokenForOthers, TokenMalformed

LONGEST: Final = 4096
LIFETIME: Final = 15 * 60
LEEWAY: Final = 30
SMALLEST_KEY: Final = 2048
LARGEST_KEY: Final = 8192
"""Bits of a key's modulus: beyond it a signature takes milliseconds to verify."""
MAX_KEYS: Final = 50
"""Keys of an issuer; a longer list is refused as a whole."""
_FORM: Final = re.compile(r"[\w-]+\.[\w-]+\.[\w-]+", re.ASCII)
_FOR_SIGNING: Final = {"kty": "RSA", "use": "sig", "alg": "RS256"}
_TYPES: Final = ("at+jwt", "application/at+jwt")
"""RFC 9068, section 4; a media type has no case (RFC 7515, section 4.1.9)."""
# RS256 is RSASSA-PKCS1-v1_5 with SHA-256 (RFC 7518, section 3.3). hashlib's digest costs a fifth of cryptography's.
_PADDING: Final = PKCS1v15()
_DIGEST: Final = Prehashed(SHA256())
_STANDARD: Final = bytes.maketrans(b"-_", b"+/")
_HEADERS: Final = 64
"""Headers remembered as read: an issuer's tokens share one for each key."""
Key = RSAPublicKey
"""A public key of the issuer."""


@dataclass(frozen=True, slots=True)
class Claims:
    """What a valid token says."""

    subject: str = field(repr=False)
    roles: frozenset[str]
    expires: int
    identity: str = field(repr=False)
    """The person: issuer and subject together, for a subject is unique with its issuer only (RFC 7519)."""


def read_keys(document: bytes) -> dict[str, Key]:
    """Return the public RS256 signing keys of a JWKS by key id; raises `ValueError` if it is none or has no such key.

    Keys of other kinds and broken ones are left out (RFC 7517, section 5). The parser limits the depth to 200.
    """
    found = from_json(document)
    listed = found.get("keys") if isinstance(found, dict) else None
    if not isinstance(listed, list) or not 0 < len(listed) <= MAX_KEYS:
        raise ValueError("not a key set")
    keys = {key["kid"]: imported for key in listed if (imported := _imported(key)) is not None}
    if not keys:
        raise ValueError("no usable key")
    return keys


def _imported(key: object) -> Key | None:
    """Return a public key that may sign access tokens; None for every other one."""
    if not isinstance(key, dict) or not _is_name(key.get("kid")):
        return None
    if any(key.get(name, only) != only for name, only in _FOR_SIGNING.items()) or key.get("kty") != "RSA":
        return None
    try:
        size = int.from_bytes(_decoded(key["n"])).bit_length()
        if not SMALLEST_KEY <= size <= LARGEST_KEY:
            return None
        return RSAKey.import_key({part: key[part] for part in ("kty", "n", "e")}).public_key
    except (JoseError, KeyError, TypeError, ValueError, AttributeError, TokenMalformed):
        return None


def key_id(token: str) -> str:
    """Return the key id of a token of the right form; nothing in it is verified yet."""
    if len(token) > LONGEST or not _FORM.fullmatch(token):
        raise TokenMalformed
    return _key_id_in(token.partition(".")[0])


@lru_cache(_HEADERS)
def _key_id_in(head: str) -> str:
    header = _object(_decoded(head))
    kid, kind = header.get("kid"), header.get("typ")
    if not isinstance(kind, str) or kind.lower() not in _TYPES or not isinstance(kid, str) or not kid:
        raise TokenMalformed
    if header != {"alg": "RS256", "typ": kind, "kid": kid}:
        raise TokenMalformed
    return kid


def verify(token: str, key: Key, *, issuer: str, audience: str, now: float) -> Claims:
    """Return what the token says, or raise why it says nothing. Its form must have passed `key_id`.

    With the header known to hold nothing but the one algorithm, type and key id, what is left of RFC 7515, section 5.2,
    is the signature over the first two parts.
    """
    signed, _, signature = token.rpartition(".")
    _check_signature(signed, signature, key)
    claims = _object(_decoded(signed.partition(".")[2]))
    _check_parties(claims, issuer, audience)
    _check_time(claims, now)
    roles = claims.get("roles", [])
    if not isinstance(roles, list):
        raise TokenForOthers
    known = _set_of(tuple(role for role in roles if isinstance(role, str)))
    return Claims(claims["sub"], known, int(claims["exp"]), identity_of(issuer, claims["sub"]))


def identity_of(issuer: str, subject: str) -> str:
    """Return the name of a person over all issuers. The length makes it unambiguous where one ends."""
    return f"{len(issuer)}:{issuer}{subject}"


@lru_cache(_HEADERS)
def _set_of(roles: tuple[str, ...]) -> frozenset[str]:
    """Share the sets of roles: there are few, and claims are remembered in thousands."""
    return frozenset(roles)


def _check_signature(signed: str, signature: str, key: Key) -> None:
    try:
        key.verify(_decoded(signature), sha256(signed.encode()).digest(), _PADDING, _DIGEST)
    except (InvalidSignature, ValueError) as error:
        raise TokenForged from error


def _check_parties(claims: dict[str, Any], issuer: str, audience: str) -> None:
    meant = claims.get("iss") == issuer and audience in _audiences(claims.get("aud"))
    if not meant or not _is_name(claims.get("sub")) or not _is_name(claims.get("jti")):
        raise TokenForOthers


def _audiences(value: object) -> Sequence[str]:
    """Return the audiences of a token: one string, or a list of them (RFC 7519, section 4.1.3)."""
    listed: list[Any] = value if isinstance(value, list) else [value]
    return listed if all(isinstance(each, str) for each in listed) else ()


def _is_name(value: object) -> bool:
    return isinstance(value, str) and value != ""


def _check_time(claims: dict[str, Any], now: float) -> None:
    dates = claims.get("iat"), claims.get("exp"), claims.get("nbf", 0)
    if not all(map(_is_date, dates)):
        raise TokenForOthers
    begins, ends, not_before = map(int, dates)
    if not 0 < ends - begins <= LIFETIME or max(begins, not_before) > now + LEEWAY or ends <= now - LEEWAY:
        raise TokenExpired


def _is_date(value: object) -> bool:
    """Return whether a claim is a NumericDate: a JSON number, with a fraction or not (RFC 7519, section 2)."""
    return type(value) is int or (type(value) is float and isfinite(value))


def _decoded(part: str) -> bytes:
    try:
        return a2b_base64(part.encode().translate(_STANDARD) + b"==")  # Padding that is too much does no harm.
    except ValueError as error:
        raise TokenMalformed from error


def _object(text: bytes) -> dict[str, Any]:
    try:
        found = _JSON.decode(text.decode())
    except (ValueError, RecursionError) as error:
        raise TokenMalformed from error
    if not isinstance(found, dict):
        raise TokenMalformed
    return found


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Refuse an object that names something twice: two readers of it could see two tokens."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("duplicate name")
    return found


_JSON: Final = json.JSONDecoder(object_pairs_hook=_unique)
