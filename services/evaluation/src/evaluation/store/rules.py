"""The versioned rules of evaluation."""

from typing import Final

from evaluation.domain.parameters import Parameters
from townhall.chassis.rules import Rules

RULES: Final = Rules(Parameters)
