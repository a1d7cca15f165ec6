"""One rehearsal: preparation, ballots, settling, report."""

from datetime import datetime
from time import monotonic, process_time

from rich.console import Console

from townhall_local.client.progress import ProgressMeter
from townhall_local.client.users import PlatformClient
from townhall_local.rehearsal import preparation, settling
from townhall_local.rehearsal.report import Report, Sending, differences
from townhall_local.rehearsal.schedule import Schedule
from townhall_local.rehearsal.sending import BallotSender


async def rehearse(
    platform: PlatformClient,
    sender: BallotSender,
    schedule: Schedule,
    more_than: int,
    *,
    now: datetime,
    console: Console,
) -> Report:
    """Run the schedule on the platform and return its measurements and differences from the expected totals.

    `now` is the time that the sitting is called from.
    """
    start = monotonic()
    rule = await preparation.enact(platform, more_than)
    console.print(f"rule {rule['version']} in force: more than {more_than} yes")
    await preparation.call_sitting(platform, len(schedule.statements), now + preparation.SITS_IN)
    with ProgressMeter(console, "tasks", len(schedule.statements)) as meter:
        task_ids = await preparation.put_to_the_vote(platform, schedule.statements, meter.advance)

    console.print(f"{schedule.count:,} ballots of {schedule.voters:,} citizens")
    sending_since, cpu_before = monotonic(), process_time()
    with ProgressMeter(console, "ballots", schedule.count) as meter:
        counts = await sender.send(schedule.ballots, task_ids, meter.advance)
    sending = Sending(schedule.voters, counts, monotonic() - sending_since, process_time() - cpu_before)

    console.print("waiting for all events to be processed")
    results = await settling.settle(platform, task_ids, schedule.expected)
    return Report(
        yes_threshold=more_than,
        tasks=results,
        sending=sending,
        seconds=monotonic() - start,
        differences=differences(results, schedule.expected, more_than),
    )
