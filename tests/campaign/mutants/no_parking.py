"""Events go past a message of their key that was set aside."""

from typing import Any

from tests.campaign.planted.switches import Switches


def plant(_service: str, _switches: Switches) -> None:
    """Hold no key."""

    async def held(_session: Any, _keys: list[str]) -> set[tuple[str, str]]:  # noqa: ANN401  SQLAlchemy's
        return set()

    aside.held = held  # type: ignore[assignment]  # planted
