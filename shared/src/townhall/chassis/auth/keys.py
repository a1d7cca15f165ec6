"""The issuer's public keys, kept so that neither its absence nor a flood of forged key ids matters."""

import asyncio
import time
import urllib.request
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from functools import partial
from hashlib import sha256
from http.client import HTTPException
from pathlib import Path
from typing import Final

import structlog

from townhall.chassis.auth import tokens
from townhall.chassis.auth.refusals import KeysUnavailable, TokenKeyUnknown
from townhall.chassis.settings import ServiceSettings

PATIENCE: Final = 5.0
COOL_DOWN: Final = 60.0
LARGEST: Final = 256 * 1024
"""Bytes of a key set; what is longer is cut, and then no key set."""
EMPTY_COOL_DOWN: Final = 2.0
"""Before the first keys are here nobody can call at all, so the issuer is asked again sooner."""
REMEMBERED: Final = 20_000
"""How many verified tokens are remembered, so that a busy caller's signature is checked once."""

log = structlog.get_logger(__name__)
wall = time.time  # noqa: TID251  a token's times are the wall clock's


class Keys:
    """Checks tokens with the keys `fetch` brings. An unknown key id asks again, at most once in a cool-down."""

    def __init__(
        self,
        fetch: Callable[[], Awaitable[bytes]],
        *,
        issuer: str,
        audience: str,
        now: Callable[[], float] = wall,
        elapsed: Callable[[], float] = time.monotonic,
    ) -> None:
        self._fetch = fetch
        self._verify = partial(tokens.verify, issuer=issuer, audience=audience)
        self._now = now
        self._elapsed = elapsed
        self._keys: dict[str, tokens.Key] = {}
        self._verified: OrderedDict[bytes, tokens.Claims] = OrderedDict()
        self._asking = asyncio.Lock()
        self._asked = float("-inf")

    async def claims(self, token: str) -> tokens.Claims:
        """Return the claims of a valid token, or raise `TokenRefused`.

        If the token's key is not known yet, the issuer's keys are fetched first; raises `KeysUnavailable` without any.
        """
        try:
            return self.claims_now(token)
        except (KeysUnavailable, TokenKeyUnknown):
            await self.refresh()
        return self.claims_now(token)

    def claims_now(self, token: str) -> tokens.Claims:
        """Do the same with the keys fetched before; raises `KeysUnavailable` if there are none."""
        digest = sha256(token.encode("utf-8", "surrogatepass")).digest()
        known = self._verified.get(digest)
        now = self._now()
        if known is not None and known.expires > now:
            return known
        claims = self._verify(token, self._key(tokens.key_id(token)), now=now)
        self._verified[digest] = claims
        if len(self._verified) > REMEMBERED:
            self._verified.popitem(last=False)
        return claims

    async def refresh(self) -> None:
        """Ask the issuer for its keys unless it was asked just now. Keeps the old ones when it has none to give."""
        async with self._asking:
            if self._elapsed() - self._asked < (COOL_DOWN if self._keys else EMPTY_COOL_DOWN):
                return
            self._asked = self._elapsed()
            try:
                found = tokens.read_keys(await asyncio.wait_for(self._fetch(), PATIENCE))
            except (OSError, ValueError, TimeoutError, HTTPException):
                log.warning("issuer_keys_unavailable", exc_info=True)
                return
            if found:
                # A key that is gone takes what it signed with it.
                self._keys, self._verified = found, OrderedDict()

    def _key(self, kid: str) -> tokens.Key:
        if not self._keys:
            raise KeysUnavailable
        if kid not in self._keys:
            raise TokenKeyUnknown
        return self._keys[kid]


def keys_of(settings: ServiceSettings) -> Keys:
    """Return the keys of the issuer the settings name. The address comes from there and never from a token."""
    url = settings.jwks_url
    read = partial(_download, url) if "://" in url else Path(url).read_bytes
    return Keys(partial(asyncio.to_thread, read), issuer=settings.issuer, audience=settings.audience)


def _download(url: str) -> bytes:
    # No proxies: one meant for the outside must not stand between a service and its issuer.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(url, timeout=PATIENCE) as answer:
        body: bytes = answer.read(LARGEST)
        return body
