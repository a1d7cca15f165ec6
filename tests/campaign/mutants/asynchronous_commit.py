"""A commit is answered before it is on disk."""

from tests.campaign.planted.switches import Switches
from townhall.chassis import db


def plant(_service: str, _switches: Switches) -> None:
    """Ask PostgreSQL for less."""
    db.SETTINGS["synchronous_commit"] = "off"
