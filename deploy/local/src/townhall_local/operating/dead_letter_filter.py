"""Which dead letters a command is about: the filter options, and their query."""

import re
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Annotated, Any, Final

import typer
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

_UNITS: Final = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}

CONDITION: Final = """
    (CAST(:topic AS text) IS NULL OR topic = :topic)
    AND (CAST(:reason AS text) IS NULL OR reason = :reason)
    AND (CAST(:event_type AS text) IS NULL OR headers ->> 'ce_type' = :event_type)
    AND (CAST(:older_than AS interval) IS NULL OR dead_lettered_at < now() - CAST(:older_than AS interval))
"""
"""SQL for the rows of a filter; its parameters are `Filter.parameters`."""
_SELECT = text(f"""
    SELECT id FROM dead_letter
    WHERE status = 'waiting' AND (reason <> 'parked' OR CAST(:reason AS text) = 'parked') AND {CONDITION} ORDER BY id
""")  # noqa: S608  constants


@dataclass(frozen=True, slots=True)
class Filter:
    """Conditions that all must hold; none means every dead letter."""

    topic: str | None = None
    reason: str | None = None
    event_type: str | None = None
    older_than: timedelta | None = None

    def __bool__(self) -> bool:
        """Return whether there is any condition."""
        return self != Filter()

    @property
    def parameters(self) -> dict[str, Any]:
        """The parameters of `CONDITION`."""
        return asdict(self)


def _duration(given: str) -> timedelta:
    found = re.fullmatch(r"(\d{1,6})([smhd])", given)
    if found is None:
        raise typer.BadParameter(f"{given!r} is not a time such as 30m, 12h or 7d.")
    return timedelta(**{_UNITS[found[2]]: int(found[1])})


Topic = Annotated[str | None, typer.Option(metavar="NAME", help="Only messages of this topic.")]
Reason = Annotated[str | None, typer.Option(metavar="REASON", help="Only dead letters with this reason.")]
EventType = Annotated[str | None, typer.Option("--type", metavar="TYPE", help="Only messages with this ce_type.")]
OlderThan = Annotated[
    timedelta | None,
    typer.Option(parser=_duration, metavar="TIME", help="Only dead letters older than 30m, 12h or 7d."),
]


async def selected(session: AsyncSession, chosen: Filter) -> list[int]:
    """Return the ids that wait for an operator. Messages parked behind one of them follow automatically."""
    return list((await session.execute(_SELECT, chosen.parameters)).scalars())
