"""A commit is confirmed before it is on disk."""

from tests.campaign.injected.switches import Switches
from townhall.chassis import db


def inject(_service: str, _switches: Switches) -> None:
    """Turn `synchronous_commit` off."""
    db.SETTINGS["synchronous_commit"] = "off"
