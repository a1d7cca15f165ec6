"""Totals are kept in memory and written from there, whether or not the earlier transactions committed."""

from collections.abc import Awaitable, Callable
from typing import Any

from typing_extensions import override

from tests.campaign.injected.switches import Switches


def inject(service: str, _switches: Switches) -> None:
    """Remember the totals from group to group."""
    if service != "voting":
        return
    from voting.intake.group_commit import Intake  # noqa: PLC0415  only voting has it
    from voting.store import ballots  # noqa: PLC0415  the same

    lock: Callable[..., Awaitable[Any]] = ballots.lock_open_votes
    remembered: dict[Any, Any] = {}

    async def lock_open_votes(session: Any, tasks: Any, began: Any) -> Any:  # noqa: ANN401  the function it wraps
        locked = await lock(session, tasks, began)
        locked.state.tallies = _Remembered(remembered, locked.state.tallies)
        return locked

    async def whole_group(_self: Intake, group: Any) -> Any:  # noqa: ANN401  voting's
        return group

    ballots.lock_open_votes = lock_open_votes
    Intake._left_by_bulk = whole_group  # type: ignore[method-assign, assignment]  # noqa: SLF001  # injected


class _Remembered(dict[Any, Any]):
    """Totals that are written to memory as well as to the state of the group."""

    def __init__(self, remembered: dict[Any, Any], read: dict[Any, Any]) -> None:
        super().__init__({task_id: remembered.get(task_id, tally) for task_id, tally in read.items()})
        self._remembered = remembered

    @override
    def __setitem__(self, task_id: Any, tally: Any) -> None:
        super().__setitem__(task_id, tally)
        self._remembered[task_id] = tally
