"""The settings of the service, read from environment variables."""

from pydantic_settings import SettingsConfigDict

from townhall.chassis.settings import ServiceSettings


class Settings(ServiceSettings):
    """Settings named `COMMITTEE_<NAME>`. A missing or invalid one stops the start."""

    model_config = SettingsConfigDict(env_prefix="COMMITTEE_")
