"""One rehearsal from the first proposal to the verdict."""

from datetime import datetime
from time import monotonic, process_time

from rich.console import Console

from townhall_local.client.meter import Meter
from townhall_local.client.people import Platform
from townhall_local.rehearsal import preparing, settling
from townhall_local.rehearsal.casting import Booths
from townhall_local.rehearsal.programme import Programme
from townhall_local.rehearsal.report import Casting, Report, differences


async def rehearse(
    platform: Platform, booths: Booths, programme: Programme, more_than: int, *, now: datetime, console: Console
) -> Report:
    """Play the programme on the platform, compare what it counted with what must come of it, and measure."""
    start = monotonic()
    rule = await preparing.enact(platform, more_than)
    console.print(f"rule {rule['version']} in force: more than {more_than} yes")
    await preparing.call_sitting(platform, len(programme.statements), now + preparing.SITS_IN)
    with Meter(console, "tasks", len(programme.statements)) as meter:
        task_ids = await preparing.put_to_the_vote(platform, programme.statements, meter.advance)

    console.print(f"{programme.count:,} ballots of {programme.voters:,} citizens")
    from_then, worked = monotonic(), process_time()
    with Meter(console, "ballots", programme.count) as meter:
        answered = await booths.cast(programme.ballots, task_ids, meter.advance)
    casting = Casting(programme.voters, answered, monotonic() - from_then, process_time() - worked)

    console.print("waiting for the events to do their work")
    found = await settling.settle(platform, task_ids, programme.expected)
    return Report(
        yes_threshold=more_than,
        tasks=found,
        casting=casting,
        seconds=monotonic() - start,
        differences=differences(found, programme.expected, more_than),
    )
