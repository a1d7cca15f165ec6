"""The settings of evaluation, read from the environment."""

from pydantic_settings import SettingsConfigDict

from townhall.chassis.settings import ServiceSettings


class Settings(ServiceSettings):
    """Read once, in `__main__`; a missing or invalid value stops the start."""

    model_config = SettingsConfigDict(env_prefix="EVALUATION_")
