"""Telling the result: the report as JSON for programs, a verdict for people."""

import json
from pathlib import Path
from typing import Final

import typer
from rich.console import Console

from townhall_local.rehearsal.report import Report, crossing_to_case

SHOWN: Final = 20
"""Differences printed; the report has them all."""


def hand_over(result: Report, file: Path | None, *, as_json: bool) -> None:
    """Write the report where asked, and print it or what it says."""
    text = json.dumps(result.as_json(), ensure_ascii=False, indent=2)
    if file is not None:
        file.write_text(text + "\n", encoding="utf-8")
    if as_json:
        typer.echo(text)
    else:
        _tell(result, Console())


def _tell(result: Report, console: Console) -> None:
    ballots, wait = result.casting.ballots, crossing_to_case(result.tasks)
    cases = sum(task.cases for task in result.tasks)
    console.print(f"{len(result.tasks)} tasks, {cases} with a case, in {result.seconds:.1f} s")
    console.print(
        f"{ballots.sent:,} ballots at {result.casting.per_second:,.0f}/s: {ballots.accepted:,} accepted, "
        f"{ballots.revised:,} of them revisions, {ballots.refused:,} refused"
    )
    if cases:
        console.print(f"from crossing to case: p50 {wait['p50']} s, p99 {wait['p99']} s")
    for line in result.differences[:SHOWN]:
        console.print(line, style="red", markup=False)
    verdict = "agrees with the recount" if result.agrees else f"{len(result.differences)} differences"
    console.print(verdict, style="bold green" if result.agrees else "bold red")
