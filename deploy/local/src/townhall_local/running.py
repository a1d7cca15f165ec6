"""`townhall.json` in a data directory: where the platform that runs on it can be reached."""

from pathlib import Path
from typing import Final, Self

from pydantic import BaseModel, ConfigDict, ValidationError

from townhall_local.saying import called

FILE: Final = "townhall.json"


class NotRunning(Exception):
    """No platform runs on that data directory, or none that says where it is."""


class Address(BaseModel):
    """One service: where it listens, and its process."""

    model_config = ConfigDict(frozen=True)

    url: str
    pid: int


class Running(BaseModel):
    """Everything a program needs to use the platform on this machine."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    services: dict[str, Address]
    kafka: str
    databases: dict[str, str]
    issuer: str

    @classmethod
    def on(cls, data_dir: Path) -> Self:
        """Read it, or raise `NotRunning`."""
        try:
            return cls.model_validate_json((data_dir / FILE).read_bytes())
        except FileNotFoundError:
            raise NotRunning(
                f"nothing runs on {data_dir}: start it with `{called()} up --data-dir {data_dir}`"
            ) from None
        except (OSError, ValidationError) as fault:
            raise NotRunning(f"{data_dir / FILE} can't be read") from fault

    @property
    def urls(self) -> dict[str, str]:
        """The address of each service."""
        return {name: address.url for name, address in self.services.items()}

    def write(self, data_dir: Path) -> None:
        """Write it in one go: a reader sees all of it or nothing. It holds passwords, so only the owner reads it."""
        beside = data_dir / f".{FILE}"
        beside.touch(mode=0o600)
        beside.write_text(self.model_dump_json(indent=2) + "\n", encoding="utf-8")
        beside.replace(data_dir / FILE)
