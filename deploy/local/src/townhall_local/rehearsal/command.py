"""`townhall rehearse`: its arguments, what it prints, its exit code."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Final, NoReturn

import aiohttp
import typer
from rich.console import Console

from townhall_local.client.api import Refused, Unreachable
from townhall_local.client.issuer import issuer_at
from townhall_local.client.people import visit
from townhall_local.client.waiting import TooLate
from townhall_local.options import HERE, AsJson, DataDir
from townhall_local.rehearsal import polis
from townhall_local.rehearsal.casting import LANES
from townhall_local.rehearsal.rehearse import rehearse as play
from townhall_local.rehearsal.report import Report
from townhall_local.rehearsal.telling import hand_over
from townhall_local.running import NotRunning, Running

DISAGREES: Final = 1
CANNOT: Final = 2
FAULTS: Final = (polis.Unreadable, NotRunning, Refused, Unreachable, TooLate, OSError, aiohttp.ClientError)
"""What can keep a rehearsal from its end, told in one line."""


def rehearse(
    recording: Annotated[Path, typer.Argument(metavar="DIR", help="A Polis export: comments.csv and votes.csv.")],
    yes_threshold: Annotated[int, typer.Option(min=0, help="More than this many yes bring a task to the Committee.")],
    data_dir: DataDir = HERE,
    max_voters: Annotated[int | None, typer.Option(min=1, help="Only the first so many voters.")] = None,
    report: Annotated[Path | None, typer.Option(help="Write the report to this file.")] = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Replay a recorded consultation through the public APIs of a running platform, and check its counts.

    The rules in force change and stay: the threshold given, and no quota of proposals. So rehearse on a data directory
    of its own. The report and its fields are described in docs/rehearsals.md.

    \b
    Examples:
      townhall rehearse EXPORT --yes-threshold 300
      townhall rehearse EXPORT --yes-threshold 20 --max-voters 100 --data-dir /tmp/try --report report.json

    Exit code 0 when the platform and a recount of the recording agree, 1 when they don't, 2 when the rehearsal could
    not be played to its end.
    """
    progress = Console(stderr=True)
    try:
        _require_place(report)
        played = _recording(recording, max_voters)
        result = asyncio.run(_play(Running.on(data_dir), played, yes_threshold, progress))
    except FAULTS as fault:
        _give_up(progress, fault)
    except BaseExceptionGroup as faults:
        _give_up(progress, _only_expected(faults))
    hand_over(result, report, as_json=as_json)
    raise typer.Exit(0 if result.agrees else DISAGREES)


def _require_place(report: Path | None) -> None:
    if report is not None and not report.absolute().parent.is_dir():
        raise NotADirectoryError(f"no folder for the report at {report}")


def _recording(folder: Path, max_voters: int | None) -> polis.Recording:
    recording = polis.read(folder)
    return recording if max_voters is None else recording.of_first_voters(max_voters)


async def _play(running: Running, recording: polis.Recording, more_than: int, console: Console) -> Report:
    now = datetime.now(UTC)  # noqa: TID251 - sittings are called by the calendar of whoever calls them
    async with issuer_at(running.issuer) as issuer, visit(running.urls, issuer, connections=LANES) as platform:
        return await play(platform, recording, more_than, now=now, console=console)


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
