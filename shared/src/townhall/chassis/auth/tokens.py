"""The one place that checks an access token (RFC 9068), and the only importer of joserfc and cryptography.

Whatever a token says about how to check it is ignored: the algorithm, the keys and the issuer come from here.
"""

import json
import re
from binascii import a2b_base64
from dataclasses import dataclass, field
from functools import lru_cache
from hashlib import sha256
from typing import Any, Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.hashes import SHA256
from joserfc.errors import JoseError
from joserfc.jwk import RSAKey

from townhall.chassis.auth.refusals import TokenExpired, TokenForged, TokenForOthers, TokenMalformed

LONGEST: Final = 4096
LIFETIME: Final = 15 * 60
LEEWAY: Final = 30
SMALLEST_KEY: Final = 2048
_FORM: Final = re.compile(r"[\w-]+\.[\w-]+\.[\w-]+", re.ASCII)
_FOR_SIGNING: Final = {"kty": "RSA", "use": "sig", "alg": "RS256"}
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


def read_keys(document: bytes) -> dict[str, Key]:
    """Return the public RS256 signing keys of a JWKS by key id, leaving other kinds out; `ValueError` if it is none."""
    try:
        listed: list[dict[str, Any]] = json.loads(document)["keys"]
        fit = [key for key in listed if all(key.get(name, only) == only for name, only in _FOR_SIGNING.items())]
        strong = [key for key in fit if int.from_bytes(_decoded(key["n"])).bit_length() >= SMALLEST_KEY]
        parts = {str(key["kid"]): {part: key[part] for part in ("kty", "n", "e")} for key in strong}
        return {kid: RSAKey.import_key(each).public_key for kid, each in parts.items()}
    except (JoseError, KeyError, TypeError, AttributeError, TokenMalformed) as error:
        raise ValueError("not a key set") from error


def key_id(token: str) -> str:
    """Return the key id of a token of the right form; nothing in it is verified yet."""
    if len(token) > LONGEST or not _FORM.fullmatch(token):
        raise TokenMalformed
    return _key_id_in(token.partition(".")[0])


@lru_cache(_HEADERS)
def _key_id_in(head: str) -> str:
    header = _object(_decoded(head))
    kid = header.get("kid")
    if header != {"alg": "RS256", "typ": "at+jwt", "kid": kid} or not isinstance(kid, str) or not kid:
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
    return Claims(claims["sub"], _set_of(tuple(role for role in roles if isinstance(role, str))), claims["exp"])


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
    meant = claims.get("iss") == issuer and claims.get("aud") in (audience, [audience])
    if not meant or not _is_name(claims.get("sub")) or not _is_name(claims.get("jti")):
        raise TokenForOthers


def _is_name(value: object) -> bool:
    return isinstance(value, str) and value != ""


def _check_time(claims: dict[str, Any], now: float) -> None:
    begins, ends, not_before = claims.get("iat"), claims.get("exp"), claims.get("nbf", 0)
    if type(begins) is not int or type(ends) is not int or type(not_before) is not int:
        raise TokenForOthers
    if not 0 < ends - begins <= LIFETIME or max(begins, not_before) > now + LEEWAY or ends <= now - LEEWAY:
        raise TokenExpired


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
