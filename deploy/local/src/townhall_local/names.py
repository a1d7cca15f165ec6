"""The four services, in the order in which a citizen's idea meets them."""

from typing import Final

SERVICES: Final = ("proposal", "voting", "committee", "evaluation")
