"""Every relay leads."""

from typing import Any

from tests.campaign.planted.switches import Switches
from townhall.chassis.relay import Relay


def plant(_service: str, _switches: Switches) -> None:
    """Give the lock to everybody."""
    lead = Relay._lead  # noqa: SLF001  planted

    async def leading(self: Relay, connection: Any) -> None:  # noqa: ANN401  asyncpg's
        await lead(self, _Unlocked(connection))  # type: ignore[arg-type]  # planted

    Relay._lead = leading  # type: ignore[method-assign]  # noqa: SLF001  # planted


class _Unlocked:
    """A connection that always has the lock."""

    def __init__(self, connection: Any) -> None:  # noqa: ANN401  asyncpg's
        self._connection = connection

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401  asyncpg's
        return getattr(self._connection, name)

    async def fetchval(self, _sql: str, *_args: object) -> bool:
        return True
