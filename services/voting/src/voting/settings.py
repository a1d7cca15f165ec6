"""The settings of voting, read from the environment."""

from collections.abc import Mapping
from typing import Annotated, Self

from pydantic import AfterValidator, BeforeValidator, Field, SecretBytes, model_validator
from pydantic_core import PydanticCustomError
from pydantic_settings import SettingsConfigDict

from townhall.chassis.settings import Key, ServiceSettings, all_versions, from_file

_AES_256 = 32


def _aes_256(key: SecretBytes) -> SecretBytes:
    if len(key.get_secret_value()) != _AES_256:
        raise PydanticCustomError("master_key", "must have exactly 32 bytes (64 hexadecimal digits)")
    return key


MasterKey = Annotated[Key, AfterValidator(_aes_256)]
"""An AES-256 key that wraps the keys of votes: 64 hexadecimal digits."""

MasterKeys = Annotated[Mapping[int, MasterKey], BeforeValidator(from_file)]
"""Former master keys by their version."""


class Settings(ServiceSettings):
    """Read once, in `__main__`; a missing or invalid value stops the start."""

    model_config = SettingsConfigDict(env_prefix="VOTING_")

    master_key: MasterKey
    """Wraps (encrypts, RFC 3394) the key of each new vote."""
    master_key_version: int = Field(1, ge=1)
    """Increase it when you replace the master key, and move the old key to `VOTING_FORMER_MASTER_KEYS`."""
    former_master_keys: MasterKeys = Field(default_factory=dict)
    """Earlier master keys by version: `{"1": "<64 hexadecimal digits>"}`. Keep each while votes scheduled under it are
    open."""
    intake_capacity: int = Field(4096, ge=1)
    """Ballots that may be queued; beyond it ballots are refused with 503."""
    intake_group_size: int = Field(512, ge=1)
    """The most ballots counted in one transaction."""
    fast_path: bool = True
    """Whether plain ballots and totals are answered before the framework; `VOTING_FAST_PATH=off`: by the routes."""

    @model_validator(mode="after")
    def _distinct_versions(self) -> Self:
        if self.master_key_version in self.former_master_keys:
            raise PydanticCustomError(
                "master_key", "VOTING_FORMER_MASTER_KEYS has an entry for VOTING_MASTER_KEY_VERSION"
            )
        return self

    @property
    def masters(self) -> Mapping[int, bytes]:
        """All master keys by version, the current one included."""
        return all_versions(self.master_key_version, self.master_key, self.former_master_keys)
