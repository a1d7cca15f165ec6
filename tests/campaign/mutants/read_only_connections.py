"""Connections to a server that became read-only are kept."""

from tests.campaign.injected.switches import Switches
from townhall.chassis import db
from townhall.chassis.transient import breaks_connections, driver_error

READ_ONLY = "25006"


def inject(_service: str, _switches: Switches) -> None:
    """Let the pool drop its connections for every reason but this one."""

    def breaks(error: BaseException) -> bool:
        return breaks_connections(error) and getattr(driver_error(error), "sqlstate", None) != READ_ONLY

    db.breaks_connections = breaks  # type: ignore[attr-defined]  # injected
