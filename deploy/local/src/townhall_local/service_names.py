"""The names of the four services, in the order of the process."""

from typing import Final

SERVICES: Final = ("proposal", "voting", "committee", "evaluation")
