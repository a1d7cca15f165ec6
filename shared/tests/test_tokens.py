"""Access tokens: the valid form is accepted; every invalid one is refused with its reason."""

import json
import pickle
from typing import Any

import pytest

from shared.tests.token_variants import (
    CLAIMS,
    HEADER,
    ISSUER,
    NOW,
    OTHER_KEY,
    Issuer,
    b64,
    jwk,
    signed,
    signed_with_public_key,
    token,
    without,
)
from townhall.chassis.auth import TokenRefused

GOOD = token()
OPEN_PART, _, SIGNATURE = GOOD.rpartition(".")
DOUBLE_ISSUER = json.dumps(CLAIMS)[:-1].encode() + b', "iss": "https://issuer.example"}'

HOSTILE = {
    # Not the form of a token.
    "empty": ("", "token-malformed"),
    "a word": ("hello", "token-malformed"),
    "two parts": (OPEN_PART, "token-malformed"),
    "four parts": (GOOD + ".x", "token-malformed"),
    "encrypted, five parts": (GOOD + ".x.y", "token-malformed"),
    "space inside": (GOOD.replace(".", ". ", 1), "token-malformed"),
    "not ASCII": (GOOD.replace(".", ".가", 1), "token-malformed"),
    "lone surrogate": ("\ud800" + GOOD, "token-malformed"),
    "a megabyte": (token(padding="x" * 1_000_000), "token-malformed"),
    "over 4 KB": (token(padding="x" * 4096), "token-malformed"),
    # Its header tries to say how it is checked.
    "alg none": (f"{b64(json.dumps(HEADER | {'alg': 'none'}).encode())}.{b64(json.dumps(CLAIMS).encode())}.", None),
    "alg none, signed": (token({"alg": "none"}), "token-malformed"),
    "alg None": (token({"alg": "None"}), "token-malformed"),
    "HMAC by public key": (signed_with_public_key(), "token-malformed"),
    "alg RS512": (token({"alg": "RS512"}), "token-malformed"),
    "alg PS256": (token({"alg": "PS256"}), "token-malformed"),
    "alg ES256": (token({"alg": "ES256"}), "token-malformed"),
    "alg a list": (token({"alg": ["RS256"]}), "token-malformed"),
    "its own key": (signed(HEADER | {"jwk": jwk("k1", OTHER_KEY)}, CLAIMS, OTHER_KEY), "token-malformed"),
    "key from its address": (token({"jku": "https://evil.example/jwks.json"}), "token-malformed"),
    "certificate from its address": (token({"x5u": "https://evil.example/cert"}), "token-malformed"),
    "its own certificate": (token({"x5c": ["MIIB"]}), "token-malformed"),
    "unknown critical header": (token({"crit": ["x"], "x": 1}), "token-malformed"),
    "empty critical header": (token({"crit": []}), "token-malformed"),
    "unencoded payload": (token({"b64": False, "crit": ["b64"]}), "token-malformed"),
    "compressed": (token({"zip": "DEF"}), "token-malformed"),
    "nested": (token({"cty": "JWT"}), "token-malformed"),
    "no key id": (signed(without(HEADER, "kid"), CLAIMS), "token-malformed"),
    "key id a number": (token({"kid": 1}), "token-malformed"),
    "key id empty": (token({"kid": ""}), "token-malformed"),
    "key id a path": (token({"kid": "../../etc/passwd"}), "token-key-unknown"),
    "key id SQL": (token({"kid": "k1' OR '1'='1"}), "token-key-unknown"),
    "key id unknown": (token({"kid": "k2"}), "token-key-unknown"),
    "an ID token": (token({"typ": "JWT"}), "token-malformed"),
    "type of another kind": (token({"typ": "application/jwt"}), "token-malformed"),
    "type with a parameter": (token({"typ": "at+jwt; v=1"}), "token-malformed"),
    "type a list": (token({"typ": ["at+jwt"]}), "token-malformed"),
    "type empty": (token({"typ": ""}), "token-malformed"),
    "no type": (signed(without(HEADER, "typ"), CLAIMS), "token-malformed"),
    "header names twice": (signed(b'{"alg":"none",' + json.dumps(HEADER).encode()[1:], CLAIMS), "token-malformed"),
    "header an array": (signed(b'["RS256"]', CLAIMS), "token-malformed"),
    "header not JSON": (signed(b"RS256", CLAIMS), "token-malformed"),
    "header not UTF-8": (signed(b"\xff\xfe", CLAIMS), "token-malformed"),
    "header nested deep": (signed(b"[" * 2000, CLAIMS), "token-malformed"),
    # Signed wrongly.
    "another's key": (signed(HEADER, CLAIMS, OTHER_KEY), "token-signature"),
    "signature cut": (GOOD[:-8], "token-signature"),
    "signature of another token": (f"{token(sub='lee').rpartition('.')[0]}.{SIGNATURE}", "token-signature"),
    "payload changed": (GOOD.replace(".", ".A", 1), "token-signature"),
    # Signed well, and not for us.
    "another issuer": (token(iss="https://evil.example"), "token-claims"),
    "issuer with a slash": (token(iss=ISSUER + "/"), "token-claims"),
    "issuer a list": (token(iss=[ISSUER]), "token-claims"),
    "another audience": (token(aud="elsewhere"), "token-claims"),
    "two other audiences": (token(aud=["townhall2", "elsewhere"]), "token-claims"),
    "no audience in the list": (token(aud=[]), "token-claims"),
    "audience beside a number": (token(aud=["townhall", 7]), "token-claims"),
    "audience in a nested list": (token(aud=[["townhall"]]), "token-claims"),
    "audience an object": (token(aud={"townhall": 1}), "token-claims"),
    "audience in other case": (token(aud="Townhall"), "token-claims"),
    "beginning of the audience": (token(aud="town"), "token-claims"),
    "no audience": (signed(HEADER, without(CLAIMS, "aud")), "token-claims"),
    "no issuer": (signed(HEADER, without(CLAIMS, "iss")), "token-claims"),
    "no subject": (signed(HEADER, without(CLAIMS, "sub")), "token-claims"),
    "empty subject": (token(sub=""), "token-claims"),
    "subject a number": (token(sub=7), "token-claims"),
    "no token id": (signed(HEADER, without(CLAIMS, "jti")), "token-claims"),
    "no end": (signed(HEADER, without(CLAIMS, "exp")), "token-claims"),
    "no beginning": (signed(HEADER, without(CLAIMS, "iat")), "token-claims"),
    "end in quotes": (token(exp=str(NOW + 900)), "token-claims"),
    "end infinite": (signed(HEADER, json.dumps(CLAIMS | {"exp": float("inf")}).encode()), "token-claims"),
    "end true": (token(exp=True), "token-claims"),
    "end null": (token(exp=None), "token-claims"),
    "end not a number": (signed(HEADER, json.dumps(CLAIMS | {"exp": float("nan")}).encode()), "token-claims"),
    "beginning in a list": (token(iat=[NOW]), "token-claims"),
    "not before, in quotes": (token(nbf=str(NOW)), "token-claims"),
    "not before null": (token(nbf=None), "token-claims"),
    "beginning beyond counting": (token(iat=-(10**400), exp=NOW + 0.5), "token-expired"),
    "roles a word": (token(roles="citizen"), "token-claims"),
    "claims name twice": (signed(HEADER, DOUBLE_ISSUER), "token-malformed"),
    "claims an array": (signed(HEADER, b"[]"), "token-malformed"),
    "claims pickled": (signed(HEADER, pickle.dumps(CLAIMS)), "token-malformed"),
    # At the wrong time.
    "expired": (token(iat=NOW - 900, exp=NOW - 30), "token-expired"),
    "from the future": (token(iat=NOW + 31, exp=NOW + 600), "token-expired"),
    "not yet": (token(nbf=NOW + 31), "token-expired"),
    "lives too long": (token(exp=NOW + 901), "token-expired"),
    "ends before it begins": (token(iat=NOW + 20, exp=NOW + 10), "token-expired"),
    "ends beyond counting": (token(exp=10**400), "token-expired"),
}


@pytest.mark.parametrize("name", HOSTILE)
async def test_hostile_tokens(name: str) -> None:
    """Each is refused with its own code, every time it comes."""
    hostile, code = HOSTILE[name]
    keys = Issuer().keys()
    for _ in range(2):
        with pytest.raises(TokenRefused) as refused:
            await keys.claims(hostile)
        assert refused.value.code == (code or "token-malformed")
        assert refused.value.status == 401


async def test_good_token() -> None:
    """A token of the one form says who and in which roles."""
    claims = await Issuer().keys().claims(GOOD)
    assert (claims.subject, claims.roles) == ("김하나", frozenset({"citizen"}))
    assert "김하나" not in repr(claims)


ACCEPTED = [
    {"exp": NOW - 29, "iat": NOW - 900},
    {"iat": NOW + 30},
    {"iat": NOW + 0.5, "exp": NOW + 600.25, "nbf": NOW - 0.5},
    {"aud": ["townhall"]},
    {"aud": ["elsewhere", "townhall"]},
]


@pytest.mark.parametrize("claims", ACCEPTED)
async def test_what_the_standards_leave_open(claims: dict[str, Any]) -> None:
    """Thirty seconds either way, dates with a fraction, and a list of audiences with ours in it (RFC 7519)."""
    assert (await Issuer().keys().claims(token(**claims))).subject == "김하나"


@pytest.mark.parametrize("kind", ["at+jwt", "AT+JWT", "application/at+jwt", "Application/AT+jwt"])
async def test_types_of_an_access_token(kind: str) -> None:
    """RFC 9068, section 4: with and without `application/`, in any case."""
    assert (await Issuer().keys().claims(token({"typ": kind}))).subject == "김하나"


async def test_remembered_token_still_expires() -> None:
    """A token that was checked before is not good for longer because of it."""
    issuer = Issuer()
    keys = issuer.keys()
    await keys.claims(GOOD)
    issuer.now += 931
    with pytest.raises(TokenRefused):
        await keys.claims(GOOD)


SHORT = jwk("k1")["n"][:171]
LONG = b64(b"\x80" + bytes(1025))
UNFIT = [
    {"use": "enc"}, {"alg": "RS512"}, {"kty": "oct", "k": "c2VjcmV0"},
    {"n": SHORT}, {"n": "AAAA" + SHORT}, {"n": LONG}, {"n": 7}, {"e": "AQ"},
]  # fmt: skip


@pytest.mark.parametrize("unfit", UNFIT)
async def test_unfit_keys_are_left_out(unfit: dict[str, Any]) -> None:
    """Only RSA keys of 2048 to 8192 bits, meant for RS256 signatures, are used; the others spoil none."""
    issuer = Issuer()
    issuer.document = {"keys": [jwk("k1", **unfit), jwk("k2")]}
    keys = issuer.keys()
    with pytest.raises(TokenRefused):
        await keys.claims(GOOD)
    assert (await keys.claims(token({"kid": "k2"}))).subject == "김하나"
