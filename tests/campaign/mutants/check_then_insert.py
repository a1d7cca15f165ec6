"""Totals are read, added to and written without a lock: two processes overwrite each other."""

from sqlalchemy import text

from tests.campaign.planted.switches import Switches, replaced

LOCK = "FOR NO KEY UPDATE OF vote, tally"
READ = "(SELECT total.{} FROM read AS total WHERE total.task_id = tally.task_id)"


def plant(service: str, _switches: Switches) -> None:
    """Take the lock out of the statement."""
    if service != "voting":
        return
    from voting.store import ballots  # noqa: PLC0415  only voting has it

    ballots._LOCK = text(replaced(str(ballots._LOCK), LOCK, ""))  # noqa: SLF001  planted
    unlocked = replaced(bulk_insert._COUNT, LOCK, "")  # noqa: SLF001  planted
    for total in ("yes", "no"):
        unlocked = replaced(unlocked, f"{total} = tally.{total} + ", f"{total} = {READ.format(total)} + ")
    read = "WITH read AS MATERIALIZED (SELECT task_id, yes, no FROM tally WHERE task_id = ANY($1::uuid[])), slip"
    bulk_insert._COUNT = replaced(unlocked, "WITH slip", read)  # type: ignore[misc]  # noqa: SLF001  # planted
