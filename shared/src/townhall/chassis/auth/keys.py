"""The issuer's public keys: refreshed by age and by a miss, so that a removed key expires and a new one is found.

Neither the issuer's absence, nor an answer that is no key set, nor a flood of forged key ids matters: the last good set
is used until it is `max_age` old, and a token can start at most one fetch in `MISS_COOL_DOWN`.
"""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

import structlog
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicNumbers

from townhall.chassis.auth import tokens
from townhall.chassis.auth.key_source import KeySource, key_source
from townhall.chassis.auth.refusals import KeysUnavailable, TokenKeyUnknown
from townhall.chassis.retrying import sleep
from townhall.chassis.settings import ServiceSettings
from townhall.chassis.telemetry import metrics

MISS_COOL_DOWN: Final = 10.0
"""Seconds after an attempt in which an unknown key id starts no further one."""
EMPTY_COOL_DOWN: Final = 2.0
"""The same while there are no keys: nobody can call at all, so the issuer is tried again sooner."""
MAX_VERIFIED: Final = 20_000
"""How many verified tokens are cached, so that a busy caller's signature is checked once."""

log = structlog.get_logger(__name__)
wall = time.time  # noqa: TID251  a token's times are the wall clock's


@dataclass(frozen=True, slots=True)
class Trust:
    """Whose tokens are accepted, for whom, and how long without news of the issuer's keys."""

    issuer: str
    audience: str
    refresh: float = 300.0
    """Seconds within which a removed key's tokens are refused, as long as the issuer answers."""
    max_age: float = 3600.0
    """Seconds the last good set is used while it doesn't; then no token is accepted."""
    deadline: float = 5.0
    """Seconds of one fetch, from the name's look-up to the last byte."""
    retry: float = 15.0
    """Seconds from a failed refresh by age to the next."""


class Keys:
    """Checks tokens with the keys that `fetch` brings."""

    def __init__(
        self,
        fetch: KeySource,
        trust: Trust,
        *,
        now: Callable[[], float] = wall,
        elapsed: Callable[[], float] = time.monotonic,
    ) -> None:
        self._fetch = fetch
        self._trust = trust
        self._now = now
        self._elapsed = elapsed
        self._keys: dict[str, tokens.Key] = {}
        self._verified: OrderedDict[bytes, tokens.Claims] = OrderedDict()
        self._fetching = asyncio.Lock()
        self._attempted = self._fetched = float("-inf")

    async def claims(self, token: str) -> tokens.Claims:
        """Return the claims of a valid token, or raise `TokenRefused`.

        If the token's key is not known yet, the issuer's keys are fetched first; raises `KeysUnavailable` without any.
        """
        try:
            return self.claims_now(token)
        except (KeysUnavailable, TokenKeyUnknown):
            await self._refresh_by_miss()
        return self.claims_now(token)

    def claims_now(self, token: str) -> tokens.Claims:
        """Do the same with the keys fetched before; raises `KeysUnavailable` if there are none or they are too old."""
        if not self._usable():
            tokens.key_id(token)
            raise KeysUnavailable  # Cached tokens too: they must not outlive the keys.
        digest = sha256(token.encode("utf-8", "surrogatepass")).digest()
        known = self._verified.get(digest)
        now = self._now()
        if known is not None and known.expires > now:
            return known
        key = self._keys.get(tokens.key_id(token))
        if key is None:
            raise TokenKeyUnknown
        claims = tokens.verify(token, key, issuer=self._trust.issuer, audience=self._trust.audience, now=now)
        self._verified[digest] = claims
        if len(self._verified) > MAX_VERIFIED:
            self._verified.popitem(last=False)
        return claims

    async def run(self) -> None:
        """Refresh by age until cancelled."""
        while True:
            await sleep(self.due())
            await self.refresh()

    def due(self) -> float:
        """Return the seconds until the next refresh by age.

        It begins a `deadline` early: the fetch itself is part of the time in which a removed key is still accepted.
        """
        remaining = self._trust.refresh - self._trust.deadline - (self._elapsed() - self._fetched)
        return remaining if remaining > 0 else self._trust.retry

    async def refresh(self) -> None:
        """Fetch the issuer's keys. Never raises: without a usable answer the last good set stays."""
        async with self._fetching:
            await self._attempt()

    async def _refresh_by_miss(self) -> None:
        async with self._fetching:
            cool_down = MISS_COOL_DOWN if self._usable() else EMPTY_COOL_DOWN
            if self._elapsed() - self._attempted >= cool_down:
                await self._attempt()

    def _usable(self) -> bool:
        return self._elapsed() - self._fetched <= self._trust.max_age

    async def _attempt(self) -> None:
        self._attempted = began = self._elapsed()
        try:
            async with asyncio.timeout(self._trust.deadline):
                document = await self._fetch()
        except Exception as error:  # noqa: BLE001  whatever the network or the answer did, the service goes on
            _failed("unreachable", error)
            return
        try:
            found = tokens.read_keys(document)
        except ValueError as error:
            _failed("unusable", error)
            return
        self._use(found, began)

    def _use(self, found: dict[str, tokens.Key], began: float) -> None:
        if _numbers(found) != _numbers(self._keys):
            # A key that is gone takes what it signed with it.
            self._keys, self._verified = found, OrderedDict()
            log.info("issuer_keys_changed", keys=len(found))
        self._fetched = began
        metrics.ISSUER_KEY_FETCHES.labels("fetched").inc()
        metrics.ISSUER_KEYS_FETCHED.set(self._now())


def _failed(outcome: str, error: Exception) -> None:
    metrics.ISSUER_KEY_FETCHES.labels(outcome).inc()
    log.warning("issuer_keys_unavailable", outcome=outcome, exc_info=error)


def _numbers(keys: dict[str, tokens.Key]) -> dict[str, RSAPublicNumbers]:
    return {kid: key.public_numbers() for kid, key in keys.items()}


def keys_of(settings: ServiceSettings) -> Keys:
    """Return the keys of the issuer the settings name. The address comes from there and never from a token."""
    trust = Trust(settings.issuer, settings.audience, settings.jwks_refresh_seconds, settings.jwks_max_age_seconds)
    return Keys(key_source(settings.jwks_url), trust)
