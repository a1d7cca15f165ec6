"""The platform's own signing key, for many tokens at once: whoever owns its data directory may be anybody there."""

import asyncio
from pathlib import Path

from townhall.embedded.issuer import LIFETIME, Issuer
from townhall_local.up.data_directory import DataDirectory


class Signer:
    """Signs tokens in this process: what the local issuer does when asked over HTTP, without the asking."""

    def __init__(self, data_dir: Path, url: str) -> None:
        self._issuer = Issuer(DataDirectory(data_dir).signing_key(), url)

    async def issue(self, role: str, subject: str) -> tuple[str, float]:
        """A token, and the seconds it lives."""
        return await asyncio.to_thread(self.token, role, subject), LIFETIME

    def token(self, role: str, subject: str) -> str:
        """A token. The signature is most of its cost and lets other threads run meanwhile."""
        return self._issuer.token(role, subject)
