"""A commit is confirmed when it is on the primary's disk, before the standby has it."""

from tests.campaign.injected.switches import Switches
from townhall.chassis import db


def inject(_service: str, _switches: Switches) -> None:
    """Set `synchronous_commit` to `local`."""
    db.SETTINGS["synchronous_commit"] = "local"
