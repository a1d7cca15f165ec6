"""Reading petition counts: a CSV file with a row for each petition. Independent of the platform."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from townhall_local.rehearsal.csv_rows import Unreadable, rows
from townhall_local.rehearsal.statement import has_visible_text

ID: Final = "petition_idx"
TITLE: Final = "title"
CONSENTS: Final = "num_agree"


@dataclass(frozen=True, slots=True)
class Petition:
    """A petition and the number of people who consented to it."""

    id: str
    title: str
    consents: int


def read(file: Path) -> tuple[Petition, ...]:
    """Read all petitions in the order of the file; raises `Unreadable`."""
    found = {petition.id: petition for petition in _petitions(file)}
    if not any(petition.consents for petition in found.values()):
        raise Unreadable(f"{file.name}: no petition with consents")
    return tuple(found.values())


def largest(petitions: Iterable[Petition], limit: int) -> tuple[Petition, ...]:
    """Return the petitions with the most consents, largest first; ties keep their order."""
    return tuple(sorted(petitions, key=lambda petition: -petition.consents)[:limit])


def _petitions(file: Path) -> Iterator[Petition]:
    seen: set[str] = set()
    for line, row in rows(file, (ID, TITLE, CONSENTS)):
        where = f"{file.name}, line {line}"
        petition_id, consents = row[ID].strip(), row[CONSENTS].strip()
        if not petition_id or petition_id in seen:
            raise Unreadable(f"{where}: {ID} is empty or a duplicate")
        if not has_visible_text(row[TITLE]):
            raise Unreadable(f"{where}: the {TITLE} has no visible text")
        if not (consents.isascii() and consents.isdigit()) or len(consents) > len("1000000000"):
            raise Unreadable(f"{where}: {CONSENTS} is not a whole number")
        seen.add(petition_id)
        yield Petition(petition_id, row[TITLE], int(consents))
