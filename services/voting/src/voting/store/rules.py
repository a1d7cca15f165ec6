"""The versioned rules of voting."""

from typing import Final

from townhall.chassis.rules import Rules
from voting.domain.parameters import Parameters

RULES: Final = Rules(Parameters)
