"""Read and change dead letters in the databases of services, for `townhall dead-letters`."""

from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from townhall_local.errors import CommandError
from townhall_local.operating import dead_letter_rows
from townhall_local.operating.connections import database
from townhall_local.operating.dead_letter_filter import Filter, selected
from townhall_local.operating.dead_letter_rows import DeadLetter

NAMED: Final = 20
"""Up to so many ids are named in a sentence; of more, the number."""


async def pages(
    urls: dict[str, str], chosen: Filter, *, settled: bool, limit: int, after: int
) -> dict[str, tuple[int, list[DeadLetter]]]:
    """Return by service the number of dead letters in all and a page of them."""
    found: dict[str, tuple[int, list[DeadLetter]]] = {}
    for service, url in urls.items():
        async with database(service, url) as db, db.reading() as session:
            found[service] = await dead_letter_rows.page(session, chosen, settled=settled, limit=limit, after=after)
    return found


async def find(service: str, url: str, message_id: int) -> tuple[DeadLetter, bytes, int]:
    """Return a dead letter, its body, and how many messages are parked behind it; raises `CommandError` if unknown."""
    async with database(service, url) as db, db.reading() as session:
        found = await dead_letter_rows.find(session, message_id)
        behind = await dead_letter_rows.parked_behind(session, message_id)
    if found is None:
        raise CommandError(f"{service} has no dead letter {message_id}.")
    return *found, behind


async def choose(service: str, url: str, ids: list[int], chosen: Filter, *, every: bool) -> list[int]:
    """Return the ids given, after checking them, or those of the filter; raises `CommandError` if both or none."""
    if bool(ids) + every + bool(chosen) > 1:
        raise CommandError("Give ids, or filters, or --all: only one of them. Nothing changed.")
    async with database(service, url) as db, db.reading() as session:
        if every or chosen:
            return await selected(session, chosen)
        await _check_open(session, service, ids)
    return ids


async def set_status(service: str, url: str, ids: list[int], status: str) -> list[int]:
    """Set the status of all of them, or raise `CommandError` and change none; return their ids."""
    async with database(service, url) as db, db.transaction() as tx:
        missing = set(ids) - await dead_letter_rows.set_status(tx.session, ids, status)
        if missing:
            await _check_open(tx.session, service, sorted(missing))
    return sorted(set(ids))


async def _check_open(session: AsyncSession, service: str, ids: list[int]) -> None:
    """Check that all of them exist and are not settled; raises `CommandError`, which names the others."""
    if not ids:
        raise CommandError("No ids given: name dead letters by the ids that `list` prints, by a filter or by --all.")
    statuses = await dead_letter_rows.statuses(session, ids)
    unknown = sorted(set(ids) - statuses.keys())
    if unknown:
        raise CommandError(f"{service} has no {numbered(unknown)}. Nothing changed.")
    settled = sorted(each for each, status in statuses.items() if status in dead_letter_rows.SETTLED)
    if settled:
        were = "was" if len(settled) == 1 else "were"
        raise CommandError(f"In {service}, {numbered(settled)} {were} applied or dropped already. Nothing changed.")


def numbered(ids: list[int]) -> str:
    """Name dead letters in a sentence."""
    if len(ids) > NAMED:
        return f"{len(ids)} dead letters"
    return f"dead letter{'s' if len(ids) > 1 else ''} {', '.join(map(str, ids))}"
