"""What the service does: load, decide, store, announce. Each in the one transaction it is given."""

from typing import Final

from evaluation.domain.parameters import Parameters
from townhall.chassis.rules import Rules

RULES: Final = Rules(Parameters)
"""The versions of this service's rules."""
