"""All that voting can be told from outside."""

from collections.abc import Mapping
from typing import Annotated, Self

from pydantic import AfterValidator, Field, SecretBytes, model_validator
from pydantic_core import PydanticCustomError
from pydantic_settings import SettingsConfigDict

from townhall.chassis.settings import Key, ServiceSettings

_AES_256 = 32


def _of_aes(key: SecretBytes) -> SecretBytes:
    if len(key.get_secret_value()) != _AES_256:
        raise PydanticCustomError("master_key", "must have exactly 32 bytes (64 hexadecimal digits)")
    return key


MasterKey = Annotated[Key, AfterValidator(_of_aes)]
"""A secret key of exactly 32 bytes (64 hexadecimal digits) that wraps the keys of votes (AES-256)."""


class Settings(ServiceSettings):
    """Read once, in `__main__`."""

    model_config = SettingsConfigDict(env_prefix="VOTING_")

    master_key: MasterKey
    """Wraps (encrypts, RFC 3394) the key of each new vote."""
    master_key_version: int = Field(1, ge=1)
    """Version of the master key: add one when the key is replaced, and move the old key to `former_master_keys`."""
    former_master_keys: Mapping[int, MasterKey] = {}
    """Earlier master keys by version, as JSON: needed while votes whose keys they wrapped are open."""
    intake_room: int = Field(4096, ge=1)
    """Ballots that may wait to be counted at one time; further ones are answered 503."""
    intake_group: int = Field(512, ge=1)
    """The most ballots that share one transaction."""
    fast_path: bool = True
    """Whether plain ballots and totals are answered before the framework; off, the routes answer all of them."""

    @model_validator(mode="after")
    def _versions_apart(self) -> Self:
        if self.master_key_version in self.former_master_keys:
            raise PydanticCustomError("master_key", "VOTING_FORMER_MASTER_KEYS names the version now in use")
        return self

    @property
    def masters(self) -> Mapping[int, bytes]:
        """The master keys by version."""
        keys = {**self.former_master_keys, self.master_key_version: self.master_key}
        return {version: key.get_secret_value() for version, key in keys.items()}
