"""The issuer's keys: how soon a removed one is refused, and what an issuer that is away or broken changes."""

import asyncio
import json
from contextlib import suppress
from typing import Any

import pytest
from prometheus_client import REGISTRY

from shared.tests.token_variants import Issuer, jwk, token
from townhall.chassis.auth import TokenRefused
from townhall.chassis.auth.refusals import KeysUnavailable, TokenKeyUnknown

GOOD = token()


def fetches(outcome: str) -> float:
    """Return how many fetches ended so."""
    return REGISTRY.get_sample_value("townhall_issuer_key_fetches_total", {"outcome": outcome}) or 0


async def test_a_removed_key_is_refused_in_time() -> None:
    """The refresh by age takes a removed key's tokens with it, those already verified too."""
    issuer = Issuer()
    keys = issuer.keys()
    await keys.claims(GOOD)
    issuer.document = {"keys": [jwk("k2")]}
    issuer.elapsed += keys.due()
    await keys.refresh()
    assert issuer.elapsed <= 300 - 5
    with pytest.raises(TokenKeyUnknown):
        keys.claims_now(GOOD)


async def test_a_service_refreshes_by_age() -> None:
    """Without any request, again and again."""
    issuer = Issuer()
    keys = issuer.keys(refresh=0.0, retry=0.0)
    running = asyncio.ensure_future(keys.run())
    async with asyncio.timeout(10):
        await issuer.fetched_often.wait()
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running


async def test_an_unchanged_set_keeps_verified_tokens() -> None:
    """A refresh that changes nothing doesn't have every signature checked again."""
    issuer = Issuer()
    keys = issuer.keys()
    first = await keys.claims(GOOD)
    await keys.refresh()
    assert keys.claims_now(GOOD) is first


async def test_unknown_keys_fetch_once_in_ten_seconds() -> None:
    """A flood of forged key ids, also at the same time, is one request to the issuer."""
    issuer = Issuer()
    keys = issuer.keys()
    await keys.claims(GOOD)
    forged = [token({"kid": f"forged-{number}"}) for number in range(100)]
    answers = await asyncio.gather(*map(keys.claims, forged), return_exceptions=True)
    assert {type(each) for each in answers} == {TokenKeyUnknown}
    assert issuer.fetches == 1
    issuer.elapsed += 10
    await asyncio.gather(*map(keys.claims, forged), return_exceptions=True)
    assert issuer.fetches == 2


async def test_a_new_key_is_found_when_it_is_first_used() -> None:
    """Rotation doesn't wait for the refresh by age; a key that was taken out takes its tokens with it."""
    issuer = Issuer()
    keys = issuer.keys()
    await keys.claims(GOOD)
    issuer.document, issuer.elapsed = {"keys": [jwk("k2")]}, 10.0
    await keys.claims(token({"kid": "k2"}))
    with pytest.raises(TokenKeyUnknown):
        await keys.claims(GOOD)


DEEP = b'{"keys":' + b"[" * 100_000
MANY = json.dumps({"keys": [jwk(f"k{number}") for number in range(51)]}).encode()
UNUSABLE: list[Any] = [
    {"keys": []}, {"keys": None}, {"keys": {}}, {}, [], None, {"keys": [jwk("k1", n="A")]}, {"keys": [1]},
    {"keys": [{"kty": "RSA", "kid": "k1"}]}, {"keys": [jwk("k1") | {"kid": 7}]}, {"keys": [jwk("k1", kty="EC")]},
    b"", b"<html>", b"\xff\xfe", DEEP, DEEP + b"]" * 100_000 + b"}", MANY,
]  # fmt: skip


@pytest.mark.parametrize("document", UNUSABLE)
async def test_a_garbled_answer_keeps_the_last_good_keys(document: object) -> None:
    """It is counted, and changes nothing."""
    issuer = Issuer()
    keys = issuer.keys()
    await keys.claims(GOOD)
    before = fetches("unusable")
    issuer.document = document
    for _ in range(2):
        await keys.refresh()
    assert (await keys.claims(token(sub="lee"))).subject == "lee"
    assert fetches("unusable") == before + 2


@pytest.mark.parametrize("document", UNUSABLE)
async def test_a_garbled_answer_stops_no_start(document: object) -> None:
    """The service starts and refuses tokens with 503 until the issuer answers with a key set."""
    issuer = Issuer()
    good, issuer.document = issuer.document, document
    keys = issuer.keys()
    await keys.refresh()
    with pytest.raises(KeysUnavailable):
        await keys.claims(GOOD)
    issuer.document, issuer.elapsed = good, 2.0
    assert (await keys.claims(GOOD)).subject == "김하나"


ERRORS = [OSError(), ValueError(), RecursionError(), UnicodeError(), TimeoutError(), KeyError()]


@pytest.mark.parametrize("error", ERRORS)
async def test_no_error_of_a_fetch_is_raised(error: Exception) -> None:
    """Whatever the network does, the last good keys stay and the attempt is counted."""
    issuer = Issuer()
    keys = issuer.keys()
    await keys.claims(GOOD)
    before = fetches("unreachable")
    issuer.error = error
    await keys.refresh()
    assert keys.claims_now(GOOD).subject == "김하나"
    assert fetches("unreachable") == before + 1


async def test_an_issuer_that_is_away_for_long() -> None:
    """The last good keys are used for an hour; then no token is accepted, verified before or not, until it answers."""
    issuer = Issuer()
    keys = issuer.keys()
    await keys.claims(GOOD)
    issuer.error, issuer.elapsed = ConnectionRefusedError(), 3600.0
    await keys.refresh()
    assert keys.claims_now(GOOD).subject == "김하나"
    issuer.elapsed += 1
    with pytest.raises(KeysUnavailable):
        await keys.claims(GOOD)
    with pytest.raises(TokenRefused):
        await keys.claims("x.y.z")
    issuer.error, issuer.elapsed = None, issuer.elapsed + 2
    assert (await keys.claims(GOOD)).subject == "김하나"


async def test_no_keys_yet() -> None:
    """Before the issuer was ever reached it is no fault of the caller; two seconds later it is tried again."""
    issuer = Issuer()
    issuer.error = ConnectionRefusedError()
    keys = issuer.keys()
    for _ in range(2):
        with pytest.raises(KeysUnavailable):
            await keys.claims(GOOD)
    assert issuer.fetches == 1
    issuer.error, issuer.elapsed = None, 2.0
    assert (await keys.claims(GOOD)).roles == frozenset({"citizen"})
