"""The configuration of the platform for one run of the campaign."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

HERE: Final = Path(__file__).parent
ROOT: Final = HERE.parents[1]
INJECTED: Final = HERE / "injected"
MUTANTS: Final = HERE / "mutants"


@dataclass(frozen=True, slots=True)
class Configuration:
    """Which broker, how many processes of each service, and what is injected into them."""

    broker: str = "tansu"
    replicas: Mapping[str, int] = field(default_factory=dict)
    """Processes by service, where not one."""
    injected: tuple[Path, ...] = ()
    proxied: str = ""
    """Which connections go through proxies: of `clients` to services, or of services to the `database`."""
    settings: Mapping[str, str] = field(default_factory=dict)
    """Settings of services beyond the usual ones, by variable: `VOTING_INTAKE_CAPACITY`."""
    replicated: bool = False
    """Whether PostgreSQL has a synchronous standby."""
    small_disk: int = 0
    """Megabytes of PostgreSQL's disk; 0 for no limit."""
