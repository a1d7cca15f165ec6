"""`townhall recount`: count all ballots of all votes again."""

import asyncio
from collections.abc import Sequence
from dataclasses import asdict
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from townhall_local.operating.ballot_count import Recounted
from townhall_local.operating.ballot_count import recount as count_again
from townhall_local.operating.connections import database, database_url
from townhall_local.options import DEFAULT_DATA_DIR, AsJson, DatabaseUrl, DataDir
from townhall_local.output import print_json, print_line


def recount(
    data_dir: DataDir = DEFAULT_DATA_DIR,
    database_url_: DatabaseUrl = None,
    *,
    every: Annotated[bool, typer.Option("--all", help="List every vote, not only those that differ.")] = False,
    as_json: AsJson = False,
) -> None:
    """Count all ballots of all votes again and compare with the totals, also while votes are open.

    It reads the ballots in batches from one snapshot and locks none: votes go on beside it.

    \b
    Examples:
      townhall recount
      townhall recount --all --database-url postgresql://voting:…@db/voting

    Exit code 0 if all totals agree, 1 if some differ or the database could not be used.
    """
    votes = asyncio.run(_recount(database_url("voting", database_url_, data_dir)))
    differing = [vote for vote in votes if not vote.agrees]
    if as_json:
        print_json({"votes": len(votes), "differ": len(differing), "items": _items(votes if every else differing)})
    else:
        for vote in votes if every else differing:
            print_line(_line(vote))
        print_line(f"{len(votes)} votes recounted, {len(differing) or 'none'} of them differ")
    raise typer.Exit(1 if differing else 0)


async def _recount(url: str) -> Sequence[Recounted]:
    columns = (TextColumn("ballots"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    console = Console(stderr=True)
    with Progress(*columns, console=console, disable=not console.is_terminal, transient=True) as bar:
        row = bar.add_task("ballots", total=None)
        async with database("voting", url) as db, db.reading() as session:
            return await count_again(session, lambda done, total: bar.update(row, completed=done, total=total))


def _items(votes: Sequence[Recounted]) -> list[dict[str, object]]:
    return [asdict(vote) | {"agrees": vote.agrees} for vote in votes]


def _line(vote: Recounted) -> str:
    stored, counted = vote.stored, vote.counted
    verdict = "agrees" if vote.agrees else f"DIFFERS: the totals are {stored.yes} yes, {stored.no} no"
    return f"{vote.task_id}  {counted.yes} yes, {counted.no} no  {verdict}"
