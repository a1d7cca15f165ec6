"""A relay that is silent for two seconds loses its lead, so that a stopped leader is replaced while it is stopped."""

from tests.campaign.planted.switches import Switches
from townhall.chassis.outbox import relay

LEASE = "2s"


def plant(_service: str, _switches: Switches) -> None:
    """Shorten what PostgreSQL is told about the relay's connection."""
    relay.SETTINGS["idle_session_timeout"] = LEASE
