"""Signing access tokens with the key in the platform's data directory, without a request to the issuer."""

import asyncio
from pathlib import Path

from townhall.embedded.issuer import LIFETIME, Issuer
from townhall_local.up.data_directory import DataDirectory


class TokenSigner:
    """Issues the same tokens as the local issuer at this URL, in this process."""

    def __init__(self, data_dir: Path, url: str) -> None:
        self._issuer = Issuer(DataDirectory(data_dir).signing_key(), url)

    async def issue(self, role: str, subject: str) -> tuple[str, float]:
        """Return a new token and its lifetime in seconds."""
        return await asyncio.to_thread(self.token, role, subject), LIFETIME

    def token(self, role: str, subject: str) -> str:
        """Return a new token. Signing releases the GIL, so threads can do it in parallel."""
        return self._issuer.token(role, subject)
