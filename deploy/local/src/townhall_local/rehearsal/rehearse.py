"""One rehearsal from the first proposal to the verdict."""

from datetime import datetime
from time import monotonic

from rich.console import Console

from townhall_local.client.meter import Meter
from townhall_local.client.people import Platform
from townhall_local.rehearsal import casting, preparing, settling
from townhall_local.rehearsal.polis import Recording
from townhall_local.rehearsal.recount import ballots, recount
from townhall_local.rehearsal.report import Report, differences


async def rehearse(
    platform: Platform, recording: Recording, more_than: int, *, now: datetime, console: Console
) -> Report:
    """Play the recording on the platform, compare what it counted with a recount, and measure."""
    start = monotonic()
    rule = await preparing.enact(platform, more_than)
    console.print(f"rule {rule['version']} in force: more than {more_than} yes")
    await preparing.call_sitting(platform, len(recording.comments), now + preparing.SITS_IN)
    with Meter(console, "tasks", len(recording.comments)) as meter:
        task_ids = await preparing.put_to_the_vote(platform, recording.comments, meter.advance)

    votes = ballots(recording)
    casting_from = monotonic()
    with Meter(console, "ballots", len(votes)) as meter:
        answered = await casting.cast(platform, votes, task_ids, meter.advance)
    seconds_casting = monotonic() - casting_from

    console.print("waiting for the events to do their work")
    expected = recount(recording)
    found = await settling.settle(platform, task_ids, expected)
    return Report(
        yes_threshold=more_than,
        tasks=found,
        ballots=answered,
        seconds=monotonic() - start,
        seconds_casting=seconds_casting,
        differences=differences(found, expected, more_than),
    )
