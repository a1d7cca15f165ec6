"""`townhall rehearse`: its arguments, what it prints, its exit code."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Final, NoReturn

import aiohttp
import typer
import uvloop
from rich.console import Console

from townhall_local.client.api import Refused, Unreachable
from townhall_local.client.people import visit
from townhall_local.client.waiting import TooLate
from townhall_local.options import HERE, AsJson, DataDir
from townhall_local.rehearsal.casting import Booths
from townhall_local.rehearsal.choosing import Choice, Unclear, factor
from townhall_local.rehearsal.programme import Programme
from townhall_local.rehearsal.rehearse import rehearse as play
from townhall_local.rehearsal.report import Report
from townhall_local.rehearsal.signing import Signer
from townhall_local.rehearsal.table import Unreadable
from townhall_local.rehearsal.telling import hand_over
from townhall_local.running import NotRunning, Running

DISAGREES: Final = 1
CANNOT: Final = 2
FAULTS: Final = (Unclear, Unreadable, NotRunning, Refused, Unreachable, TooLate, OSError, aiohttp.ClientError)
"""What can keep a rehearsal from its end, told in one line."""


Recording = Annotated[Path | None, typer.Argument(metavar="DIR", help="A Polis export: comments.csv and votes.csv.")]
MoreThan = Annotated[int, typer.Option(min=0, help="More than this many yes bring a task to the Committee.")]
Board = Annotated[Path | None, typer.Option("--petitions", metavar="FILE", help="Counts of a petition board, instead.")]
Scale = Annotated[str | None, typer.Option(metavar="FACTOR", help="Ballots as a factor of the counts: 0.01 or 1/100.")]


def rehearse(
    recording: Recording = None,
    *,
    yes_threshold: MoreThan,
    petitions: Board = None,
    scale: Scale = None,
    ballots: Annotated[int | None, typer.Option(min=1, help="So many ballots in all, instead of --scale.")] = None,
    top: Annotated[int | None, typer.Option(min=1, help="Only the so many largest petitions.")] = None,
    max_voters: Annotated[int | None, typer.Option(min=1, help="Only the first so many voters of DIR.")] = None,
    data_dir: DataDir = HERE,
    report: Annotated[Path | None, typer.Option(help="Write the report to this file.")] = None,
    as_json: AsJson = False,
) -> None:
    """Play a recorded consultation through the public APIs of a running platform, or one shaped after petition counts.

    DIR is replayed vote by vote. Of a petition board only counts are known (a CSV file with petition_idx, title and
    num_agree): a petition becomes a task, each consent, times --scale, a yes ballot of another citizen, and each task
    has its share of the ballots at every moment. What the platform counted is compared with a recount.
    The rules in force change and stay, so rehearse on a data directory of its own. More: docs/how-to/rehearse.md.

    \b
    Examples:
      townhall rehearse EXPORT --yes-threshold 300 --report report.json
      townhall rehearse --petitions petitions.csv --scale 0.01 --yes-threshold 2000
      townhall rehearse --petitions petitions.csv --top 1 --ballots 100000 --yes-threshold 50000

    Exit code 0 when both agree, 1 when they don't, 2 when the rehearsal could not be played to its end.
    """
    progress = Console(stderr=True)
    try:
        _require_place(report)
        wanted = Choice(recording, max_voters, petitions, factor(scale) if scale is not None else None, ballots, top)
        result = uvloop.run(_play(data_dir, wanted.programme(), yes_threshold, progress))
    except FAULTS as fault:
        _give_up(progress, fault)
    except BaseExceptionGroup as faults:
        _give_up(progress, _only_expected(faults))
    hand_over(result, report, as_json=as_json)
    raise typer.Exit(0 if result.agrees else DISAGREES)


def _require_place(report: Path | None) -> None:
    if report is not None and not report.absolute().parent.is_dir():
        raise NotADirectoryError(f"no folder for the report at {report}")


async def _play(data_dir: Path, programme: Programme, more_than: int, console: Console) -> Report:
    running = Running.on(data_dir)
    now = datetime.now(UTC)  # noqa: TID251 - sittings are called by the calendar of whoever calls them
    signer = Signer(data_dir, running.issuer)
    async with visit(running.urls, signer) as platform:
        booths = Booths(running.urls["voting"], signer)
        return await play(platform, booths, programme, more_than, now=now, console=console)


def _only_expected(faults: BaseExceptionGroup[BaseException]) -> BaseException:
    """Return the first fault of several that came at once, if none of them is a bug."""
    unexpected = faults.subgroup(lambda fault: not isinstance(fault, (*FAULTS, BaseExceptionGroup)))
    if unexpected is not None:
        raise unexpected
    fault: BaseException = faults
    while isinstance(fault, BaseExceptionGroup):
        fault = fault.exceptions[0]
    return fault


def _give_up(console: Console, fault: BaseException) -> NoReturn:
    console.print(f"townhall rehearse: {fault}", style="red", markup=False)
    raise typer.Exit(CANNOT) from fault
