"""Reading a CSV file by its columns; errors name file and line."""

import csv
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

LONGEST_FIELD: Final = 1_000_000


class Unreadable(Exception):
    """The file is invalid; the text names file and line."""


def rows(file: Path, columns: Iterable[str]) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield each row with the number of its last line; raises `Unreadable`. Additional columns are allowed."""
    csv.field_size_limit(LONGEST_FIELD)
    try:
        with file.open(encoding="utf-8-sig", newline="") as text:
            reader = csv.DictReader(text, restval="", restkey="more")
            missing = set(columns) - set(reader.fieldnames or ())
            if missing:
                raise Unreadable(f"{file.name}: no column {', '.join(sorted(missing))}")
            for row in reader:
                yield reader.line_num, row
    except UnicodeDecodeError:
        raise Unreadable(f"{file.name}: not in UTF-8") from None
    except OSError as error:
        raise Unreadable(f"{file.name}: {error.strerror}") from error
    except csv.Error as error:
        raise Unreadable(f"{file.name}: {error}") from error
