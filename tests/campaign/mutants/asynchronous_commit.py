"""A commit is answered before it is on disk."""

from pathlib import Path

from townhall.chassis import db


def plant(_service: str, _switches: Path) -> None:
    """Ask PostgreSQL for less."""
    db.SETTINGS["synchronous_commit"] = "off"
