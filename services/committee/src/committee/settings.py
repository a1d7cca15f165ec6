"""What the service is told from outside."""

from pydantic_settings import SettingsConfigDict

from townhall.chassis.settings import ServiceSettings


class Settings(ServiceSettings):
    """Read once, in `__main__`. What is missing or wrong stops the start."""

    model_config = SettingsConfigDict(env_prefix="COMMITTEE_")
