"""Settings from files: `<VARIABLE>_FILE` names a file with the value, as container platforms hand over secrets."""

import os
from pathlib import Path
from typing import Any

from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource
from typing_extensions import override


class FileSource(PydanticBaseSettingsSource):
    """Reads each field from the file that its `_FILE` variable names, if that is set."""

    @override
    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        """Return the text of the file named for a field, or None."""
        del field
        path = os.environ.get(variable(self.settings_cls, field_name) + "_FILE")
        return (None if path is None else _text(path)), field_name, False

    @override
    def __call__(self) -> dict[str, Any]:
        """Return every field that a file was named for."""
        found = {name: self.get_field_value(field, name)[0] for name, field in self.settings_cls.model_fields.items()}
        return {name: value for name, value in found.items() if value is not None}


class FileSettings(BaseSettings):
    """Settings read from arguments, the environment, and the files it names. No .env, no magic directory."""

    @classmethod
    @override
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Return the sources in the order of precedence."""
        del dotenv_settings, file_secret_settings
        return init_settings, env_settings, FileSource(settings_cls)


def misread(kind: type[BaseSettings]) -> list[str]:
    """Return a sentence for each variable set beside its `_FILE` form, and for each file that can't be read."""
    variables = [variable(kind, field) for field in kind.model_fields]
    files = {name: os.environ[f"{name}_FILE"] for name in variables if f"{name}_FILE" in os.environ}
    return [f"{name} is set beside {name}_FILE" for name in files if name in os.environ] + [
        f"{name}_FILE names a file that can't be read" for name, path in files.items() if _text(path) is None
    ]


def variable(kind: type[BaseSettings], field: str) -> str:
    """Return the environment variable of a field."""
    return f"{kind.model_config.get('env_prefix', '')}{field}".upper()


def _text(path: str) -> str | None:
    """Return the text of a file without surrounding whitespace; None when it can't be read."""
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except (OSError, ValueError):
        return None
