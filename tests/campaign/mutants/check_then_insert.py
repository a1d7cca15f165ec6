"""Totals are read, added to and written without a lock: two processes overwrite each other."""

from pathlib import Path

from sqlalchemy import text


def plant(service: str, _switches: Path) -> None:
    """Take the lock out of the statement."""
    if service != "voting":
        return
    from voting.store import ballots  # noqa: PLC0415  only voting has it

    unlocked = str(ballots._LOCK).replace("FOR NO KEY UPDATE OF vote, tally", "")  # noqa: SLF001  planted
    assert unlocked != str(ballots._LOCK)  # noqa: SLF001  planted
    ballots._LOCK = text(unlocked)  # noqa: SLF001  planted
