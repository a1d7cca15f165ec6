"""`townhall.json` in a data directory: the addresses of the platform that runs on it."""

from pathlib import Path
from typing import Final, Self

from pydantic import BaseModel, ConfigDict, ValidationError

from townhall_local.output import command_name

FILE: Final = "townhall.json"


class NotRunning(Exception):
    """No platform runs on the data directory, or its `townhall.json` can't be read."""


class ServiceAddress(BaseModel):
    """The URL and process id of one service."""

    model_config = ConfigDict(frozen=True)

    url: str
    pid: int


class RunningPlatform(BaseModel):
    """The contents of `townhall.json`: what a program needs to use a running platform."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    services: dict[str, ServiceAddress]
    kafka: str
    databases: dict[str, str]
    issuer: str
    prometheus: str | None = None
    """The URL of Prometheus, with `townhall up --watch` where it is installed."""

    @classmethod
    def read(cls, data_dir: Path) -> Self:
        """Read the file in this data directory; raises `NotRunning`."""
        try:
            return cls.model_validate_json((data_dir / FILE).read_bytes())
        except FileNotFoundError:
            raise NotRunning(
                f"no platform runs on {data_dir}: start one with `{command_name()} up --data-dir {data_dir}`"
            ) from None
        except (OSError, ValidationError) as error:
            raise NotRunning(f"{data_dir / FILE} can't be read") from error

    @property
    def urls(self) -> dict[str, str]:
        """The base URL of each service, by name."""
        return {name: address.url for name, address in self.services.items()}

    def write(self, data_dir: Path) -> None:
        """Replace the file atomically. It holds database passwords, so only its owner can read it."""
        temporary = data_dir / f".{FILE}"
        temporary.touch(mode=0o600)
        temporary.write_text(self.model_dump_json(indent=2) + "\n", encoding="utf-8")
        temporary.replace(data_dir / FILE)
