"""An event is applied although an earlier message of its key is an open dead letter."""

from typing import Any

from tests.campaign.injected.switches import Switches
from townhall.chassis.consuming import dead_letters


def inject(_service: str, _switches: Switches) -> None:
    """Report no key as held."""

    async def held_keys(_session: Any, _keys: list[str]) -> set[tuple[str, str]]:  # noqa: ANN401  SQLAlchemy's
        return set()

    dead_letters.held_keys = held_keys  # type: ignore[assignment]  # injected
