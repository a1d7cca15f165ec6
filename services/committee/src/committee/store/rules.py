"""The versions of the Committee's rules."""

from typing import Final

from committee.domain.parameters import Parameters
from townhall.chassis.rules import Rules

RULES: Final = Rules(Parameters)
