"""A relay that is idle for two seconds loses the lead, so that a stopped leader is replaced while it is stopped."""

from tests.campaign.injected.switches import Switches
from townhall.chassis.outbox import relay

LEASE = "2s"


def inject(_service: str, _switches: Switches) -> None:
    """Shorten the idle timeout of the relay's connection."""
    relay.SETTINGS["idle_session_timeout"] = LEASE
