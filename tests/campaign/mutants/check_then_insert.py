"""Totals are read, added to and written without a lock: two processes overwrite each other's totals."""

from sqlalchemy import text

from tests.campaign.injected.switches import Switches, replaced

LOCK = "FOR NO KEY UPDATE OF vote, tally"
READ = "(SELECT total.{} FROM read AS total WHERE total.task_id = tally.task_id)"


def inject(service: str, _switches: Switches) -> None:
    """Remove the lock from both statements, and read the totals before they are added to."""
    if service != "voting":
        return
    from voting.store import ballots, bulk_insert  # noqa: PLC0415  only voting has it

    ballots._LOCK = text(replaced(str(ballots._LOCK), LOCK, ""))  # noqa: SLF001  injected
    unlocked = replaced(bulk_insert._COUNT, LOCK, "")  # noqa: SLF001  injected
    for total in ("yes", "no"):
        unlocked = replaced(unlocked, f"{total} = tally.{total} + ", f"{total} = {READ.format(total)} + ")
    read = (
        "WITH read AS MATERIALIZED (SELECT task_id, yes, no FROM tally JOIN vote USING (task_id)"
        " WHERE vote.id = ANY($1::int[])), cast_ballot AS"
    )
    bulk_insert._COUNT = replaced(unlocked, "WITH cast_ballot AS", read)  # type: ignore[misc]  # noqa: SLF001  # injected
