"""Writing the result: the report as JSON, or a summary as text."""

import json
from pathlib import Path
from typing import Final

from rich.console import Console

from townhall_local.output import print_document, printable
from townhall_local.rehearsal.report import Report, crossing_to_case

SHOWN: Final = 20
"""Differences printed at most; the report has all of them."""


def write_result(result: Report, file: Path | None, *, as_json: bool) -> None:
    """Write the report to the file, if given, and print it as JSON or its summary as text."""
    text = json.dumps(result.as_json(), ensure_ascii=False, indent=2)
    if file is not None:
        file.write_text(text + "\n", encoding="utf-8")
    if as_json:
        print_document(text)
    else:
        _print_summary(result, Console())


def _print_summary(result: Report, console: Console) -> None:
    ballots, wait = result.sending.ballots, crossing_to_case(result.tasks)
    cases = sum(task.cases for task in result.tasks)
    console.print(f"{len(result.tasks)} tasks, {cases} with a case, in {result.seconds:.1f} s")
    console.print(
        f"{ballots.sent:,} ballots at {result.sending.per_second:,.0f}/s: {ballots.accepted:,} accepted, "
        f"{ballots.revised:,} of them revisions, {ballots.refused:,} refused"
    )
    if cases:
        console.print(f"from threshold to case: p50 {wait['p50']} s, p99 {wait['p99']} s")
    for line in result.differences[:SHOWN]:
        console.print(printable(line), style="red", markup=False)
    verdict = "agrees with the recount" if result.agrees else f"{len(result.differences)} differences"
    console.print(verdict, style="bold green" if result.agrees else "bold red")
