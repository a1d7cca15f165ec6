"""Reading the counts of a petition board: a CSV file with a row for each petition. Nothing here knows the platform."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from townhall_local.rehearsal.statement import readable
from townhall_local.rehearsal.table import Unreadable, rows

ID: Final = "petition_idx"
TITLE: Final = "title"
CONSENTS: Final = "num_agree"


@dataclass(frozen=True, slots=True)
class Petition:
    """What somebody asked for, and how many consented."""

    id: str
    title: str
    consents: int


def read(file: Path) -> tuple[Petition, ...]:
    """Read the board in the order of the file."""
    found = {petition.id: petition for petition in _petitions(file)}
    if not any(petition.consents for petition in found.values()):
        raise Unreadable(f"{file.name}: no petition with consents")
    return tuple(found.values())


def largest(board: Iterable[Petition], most: int) -> tuple[Petition, ...]:
    """The petitions with the most consents, from the largest; of equals, those that come first."""
    return tuple(sorted(board, key=lambda petition: -petition.consents)[:most])


def _petitions(file: Path) -> Iterator[Petition]:
    seen: set[str] = set()
    for line, row in rows(file, (ID, TITLE, CONSENTS)):
        where = f"{file.name}, line {line}"
        petition_id, consents = row[ID].strip(), row[CONSENTS].strip()
        if not petition_id or petition_id in seen:
            raise Unreadable(f"{where}: {ID} is empty or was there before")
        if not readable(row[TITLE]):
            raise Unreadable(f"{where}: a {TITLE} with nothing to read in it")
        if not (consents.isascii() and consents.isdigit()) or len(consents) > len("1000000000"):
            raise Unreadable(f"{where}: {CONSENTS} is no whole number of consents")
        seen.add(petition_id)
        yield Petition(petition_id, row[TITLE], int(consents))
