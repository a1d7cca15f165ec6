"""Totals are kept in the process's memory and written from there, whether the transaction before committed or not."""

from collections.abc import Awaitable, Callable
from typing import Any

from typing_extensions import override

from tests.campaign.planted.switches import Switches


def plant(service: str, _switches: Switches) -> None:
    """Remember the totals from group to group."""
    if service != "voting":
        return
    from voting.intake.grouping import Intake  # noqa: PLC0415  only voting has it
    from voting.store import ballots  # noqa: PLC0415  the same

    lock: Callable[..., Awaitable[Any]] = ballots.lock_open
    remembered: dict[Any, Any] = {}

    async def lock_open(session: Any, tasks: Any, began: Any) -> Any:  # noqa: ANN401  whatever it wraps
        locked = await lock(session, tasks, began)
        locked.box.tallies = _Kept(remembered, locked.box.tallies)
        return locked

    async def all_of_it(_self: Intake, group: Any) -> Any:  # noqa: ANN401  voting's
        return group

    ballots.lock_open = lock_open
    Intake._left_by_first = all_of_it  # type: ignore[method-assign, assignment]  # noqa: SLF001  # planted


class _Kept(dict[Any, Any]):
    """Totals that are written to memory as well as to the group's own box."""

    def __init__(self, remembered: dict[Any, Any], read: dict[Any, Any]) -> None:
        super().__init__({task_id: remembered.get(task_id, tally) for task_id, tally in read.items()})
        self._remembered = remembered

    @override
    def __setitem__(self, task_id: Any, tally: Any) -> None:
        super().__setitem__(task_id, tally)
        self._remembered[task_id] = tally
