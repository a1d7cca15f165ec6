"""The settings of the service, read from environment variables."""

from pydantic_settings import SettingsConfigDict

from townhall.chassis.settings import ServiceSettings


class Settings(ServiceSettings):
    """Settings named `PROPOSAL_<NAME>`. A missing or invalid one stops the start."""

    model_config = SettingsConfigDict(env_prefix="PROPOSAL_")
