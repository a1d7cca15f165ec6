"""What one run of the campaign is set up as."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

HERE: Final = Path(__file__).parent
ROOT: Final = HERE.parents[1]
PLANTED: Final = HERE / "injected"
MUTANTS: Final = HERE / "mutants"


@dataclass(frozen=True, slots=True)
class Setting:
    """The platform of one run: which broker, how many processes of each service, and what is planted in them."""

    broker: str = "tansu"
    replicas: Mapping[str, int] = field(default_factory=dict)
    plants: tuple[Path, ...] = ()
    wires: str = ""
    """Who reaches whom through wires that can be cut: `clients` the services, or these the `database`."""
    told: Mapping[str, str] = field(default_factory=dict)
    """Settings of services beyond the usual ones, by variable: `VOTING_INTAKE_CAPACITY`."""
    small_disk: int = 0
    """Megabytes of the disk PostgreSQL is given; 0: all there is."""
