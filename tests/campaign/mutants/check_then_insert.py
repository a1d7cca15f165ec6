"""Totals are read, added to and written without a lock: two processes overwrite each other."""

from sqlalchemy import text

from tests.campaign.planted.switches import Switches


def plant(service: str, _switches: Switches) -> None:
    """Take the lock out of the statement."""
    if service != "voting":
        return
    from voting.store import ballots  # noqa: PLC0415  only voting has it

    unlocked = str(ballots._LOCK).replace("FOR NO KEY UPDATE OF vote, tally", "")  # noqa: SLF001  planted
    assert unlocked != str(ballots._LOCK)  # noqa: SLF001  planted
    ballots._LOCK = text(unlocked)  # noqa: SLF001  planted
