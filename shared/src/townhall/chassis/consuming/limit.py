"""The limit of waiting dead letters: at it a service stops consuming, until an operator has settled some."""

from structlog import get_logger

from townhall.chassis.consuming import dead_letters
from townhall.chassis.consuming.status import ConsumingStatus, StopReason
from townhall.chassis.db import Database

log = get_logger()


async def reached(db: Database, status: ConsumingStatus) -> bool:
    """Return whether too many dead letters wait, and note it in the status; False if they can't be counted."""
    try:
        async with db.reading() as session:
            full = await dead_letters.waiting(session) >= dead_letters.MAX_WAITING
    except Exception as error:  # noqa: BLE001  whatever is wrong, the transaction of the effect will fail for it
        log.warning("dead_letters_not_counted", error=type(error).__name__)
        return False
    if full and not status.stopped_by(StopReason.DEAD_LETTERS):
        status.stop(StopReason.DEAD_LETTERS)
        log.error("consuming_stopped", reason=StopReason.DEAD_LETTERS, waiting=dead_letters.MAX_WAITING)
    elif not full and status.stopped_by(StopReason.DEAD_LETTERS):
        status.resume(StopReason.DEAD_LETTERS)
        log.info("consuming_resumed")
    return full
