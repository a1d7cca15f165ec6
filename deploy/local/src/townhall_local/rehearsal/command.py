"""The command `townhall rehearse`."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Final, NoReturn

import aiohttp
import typer
import uvloop
from rich.console import Console

from townhall_local.client.api import Refused, Unreachable
from townhall_local.client.polling import PollTimeout
from townhall_local.client.users import platform_client
from townhall_local.options import DEFAULT_DATA_DIR, AsJson, DataDir
from townhall_local.rehearsal.csv_rows import Unreadable
from townhall_local.rehearsal.rehearse import rehearse as run_rehearsal
from townhall_local.rehearsal.report import Report
from townhall_local.rehearsal.result_output import write_result
from townhall_local.rehearsal.schedule import Schedule
from townhall_local.rehearsal.selection import InvalidOptions, Selection, factor
from townhall_local.rehearsal.sending import BallotSender
from townhall_local.rehearsal.token_signer import TokenSigner
from townhall_local.running_platform import NotRunning, RunningPlatform

DISAGREES: Final = 1
FAILED: Final = 2
EXPECTED_ERRORS: Final = (
    InvalidOptions,
    Unreadable,
    NotRunning,
    Refused,
    Unreachable,
    PollTimeout,
    OSError,
    aiohttp.ClientError,
)
"""Errors reported as one line, without a traceback."""


Recording = Annotated[Path | None, typer.Argument(metavar="DIR", help="A Polis export: comments.csv and votes.csv.")]
MoreThan = Annotated[
    int, typer.Option(min=0, metavar="N", help="Threshold: more than this many yes bring a task to the Committee.")
]
Petitions = Annotated[
    Path | None, typer.Option("--petitions", metavar="FILE", help="CSV file of petition counts, instead of DIR.")
]
Scale = Annotated[
    str | None, typer.Option(metavar="FACTOR", help="Number of ballots as a factor of the counts: 0.01 or 1/100.")
]
Ballots = Annotated[int | None, typer.Option(min=1, metavar="N", help="Total number of ballots, instead of --scale.")]
MaxVoters = Annotated[int | None, typer.Option(min=1, metavar="N", help="Only the first N voters of DIR.")]
ReportFile = Annotated[Path | None, typer.Option(metavar="FILE", help="Write the JSON report to this file.")]


def rehearse(
    recording: Recording = None,
    *,
    yes_threshold: MoreThan,
    petitions: Petitions = None,
    scale: Scale = None,
    ballots: Ballots = None,
    top: Annotated[int | None, typer.Option(min=1, metavar="N", help="Only the N largest petitions.")] = None,
    max_voters: MaxVoters = None,
    data_dir: DataDir = DEFAULT_DATA_DIR,
    report: ReportFile = None,
    as_json: AsJson = False,
) -> None:
    """Replay a recorded consultation, or petition counts, through the public APIs of a running platform.

    DIR is replayed vote by vote. Petition counts (a CSV file with petition_idx, title and num_agree) become synthetic
    ballots: each petition is a task, each consent, times --scale, a yes ballot of another citizen, and the ballots of
    all tasks are interleaved in proportion. The platform's totals are compared with a recount of the input.
    A rehearsal enacts new rule versions, so run it on a data directory of its own. More: docs/how-to/rehearse.md.

    \b
    Examples:
      townhall rehearse EXPORT --yes-threshold 300 --report report.json
      townhall rehearse --petitions petitions.csv --scale 0.01 --yes-threshold 2000
      townhall rehearse --petitions petitions.csv --top 1 --ballots 100000 --yes-threshold 50000

    Exit code 0 if totals and recount agree, 1 if they differ, 2 if the rehearsal could not be completed.
    """
    progress = Console(stderr=True)
    try:
        _require_directory(report)
        exact_scale = factor(scale) if scale is not None else None
        selection = Selection(recording, max_voters, petitions, exact_scale, ballots, top)
        result = uvloop.run(_run(data_dir, selection.schedule(), yes_threshold, progress))
    except EXPECTED_ERRORS as error:
        _abort(progress, error)
    except BaseExceptionGroup as errors:
        _abort(progress, _first_expected(errors))
    write_result(result, report, as_json=as_json)
    raise typer.Exit(0 if result.agrees else DISAGREES)


def _require_directory(report: Path | None) -> None:
    if report is not None and not report.absolute().parent.is_dir():
        raise NotADirectoryError(f"The directory of the report {report} does not exist")


async def _run(data_dir: Path, schedule: Schedule, more_than: int, console: Console) -> Report:
    running = RunningPlatform.read(data_dir)
    now = datetime.now(UTC)  # noqa: TID251 - sittings are called by the date of today
    signer = TokenSigner(data_dir, running.issuer)
    async with platform_client(running.urls, signer) as platform:
        sender = BallotSender(running.urls["voting"], signer)
        return await run_rehearsal(platform, sender, schedule, more_than, now=now, console=console)


def _first_expected(errors: BaseExceptionGroup[BaseException]) -> BaseException:
    """Return the first error of the group; raises those that are not expected, which are bugs."""
    unexpected = errors.subgroup(lambda error: not isinstance(error, (*EXPECTED_ERRORS, BaseExceptionGroup)))
    if unexpected is not None:
        raise unexpected
    error: BaseException = errors
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


def _abort(console: Console, error: BaseException) -> NoReturn:
    sentence = str(error)
    console.print(
        f"townhall: {sentence[:1].upper()}{sentence[1:].removesuffix('.')}.", style="red", markup=False, soft_wrap=True
    )
    raise typer.Exit(FAILED) from error
