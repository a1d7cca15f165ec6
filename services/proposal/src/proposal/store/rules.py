"""The versions of the service's rules."""

from typing import Final

from proposal.domain.parameters import Parameters
from townhall.chassis.rules import Rules

RULES: Final = Rules(Parameters)
