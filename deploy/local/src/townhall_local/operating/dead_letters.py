"""`townhall dead-letters`: inspect, requeue and drop messages that a service could not process."""

import asyncio
from typing import Annotated

import typer
from sqlalchemy.ext.asyncio import AsyncSession

from townhall_local.errors import CommandError
from townhall_local.operating import dead_letter_rows
from townhall_local.operating.connections import database, database_url
from townhall_local.operating.dead_letter_rows import DeadLetter
from townhall_local.options import DEFAULT_DATA_DIR, AsJson, DatabaseUrl, DataDir
from townhall_local.output import print_json
from townhall_local.service_names import SERVICES

dead_letters = typer.Typer(
    no_args_is_help=True, help="Inspect, requeue and drop messages that a service could not process."
)

Service = Annotated[
    str, typer.Argument(metavar="SERVICE", help="The consuming service: proposal, voting, committee or evaluation.")
]
Ids = Annotated[list[int] | None, typer.Argument(metavar="[ID...]", help="Ids as printed by `list`.")]


@dead_letters.command("list")
def list_(
    service: Annotated[
        str | None, typer.Option(metavar="SERVICE", help="Only this service. Default: all four.")
    ] = None,
    data_dir: DataDir = DEFAULT_DATA_DIR,
    database_url_: DatabaseUrl = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000, metavar="N", help="At most so many of each service.")] = 100,
    *,
    settled: Annotated[bool, typer.Option(help="Include those that were applied or dropped since.")] = False,
    as_json: AsJson = False,
) -> None:
    """List dead letters, and the messages parked behind them, oldest first.

    \b
    Examples:
      townhall dead-letters list
      townhall dead-letters list --service committee --json

    Exit code 0, or 1 if a database could not be used.
    """
    if database_url_ and not service:
        raise CommandError("--database-url is the database of one service: name the service with --service.")
    chosen = [service] if service else list(SERVICES)
    urls = {name: database_url(name, database_url_, data_dir) for name in chosen}
    found = asyncio.run(_page(urls, settled=settled, limit=limit))
    if as_json:
        print_json({"items": [{"service": name, **each.model_dump()} for name, each in found]})
        return
    for name, each in found:
        at = f"{each.dead_lettered_at:%Y-%m-%d %H:%M:%SZ}"
        typer.echo(f"{name} {each.id}  {each.status}  {each.reason}  {_summary(each)}  {at}")
    if not found:
        typer.echo("no dead letters")


@dead_letters.command()
def show(
    service: Service,
    message_id: Annotated[int, typer.Argument(metavar="ID", help="Id as printed by `list`.")],
    data_dir: DataDir = DEFAULT_DATA_DIR,
    database_url_: DatabaseUrl = None,
    *,
    body: Annotated[bool, typer.Option("--body", help="Print the body too. It may contain personal text.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show one dead letter: its reason, position, attempts and headers.

    \b
    Examples:
      townhall dead-letters show committee 7
      townhall dead-letters show committee 7 --body

    Exit code 0, or 1 if there is no such dead letter.
    """
    found, value = asyncio.run(_find(service, database_url(service, database_url_, data_dir), message_id))
    content = {"body": value.decode(errors="replace")} if body else {}
    if as_json:
        print_json({"service": service, **found.model_dump(), **content})
        return
    for name, field in found.model_dump(exclude={"headers"}).items():
        typer.echo(f"{name + ':':<18}{field}")
    for name, header in found.headers.items():
        typer.echo(f"  {name}: {header}")
    typer.echo(content.get("body", "(use --body to print the body)"))


@dead_letters.command()
def requeue(
    service: Service,
    ids: Ids = None,
    data_dir: DataDir = DEFAULT_DATA_DIR,
    database_url_: DatabaseUrl = None,
    *,
    every: Annotated[
        bool, typer.Option("--all", help="All dead letters of the service that are not requeued, dropped or parked.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Requeue dead letters: the running service processes them again, in the order of their key.

    Messages parked behind them follow. One that fails again stays a dead letter, with one more attempt counted.

    \b
    Examples:
      townhall dead-letters requeue committee 7 8
      townhall dead-letters requeue committee --all

    Exit code 0, or 1 if one of them is unknown or settled already; then nothing is changed.
    """
    url = database_url(service, database_url_, data_dir)
    ids_set = asyncio.run(_set_status(service, url, ids, "requeued", every=every))
    _print_ids(service, "requeued", ids_set, as_json=as_json)


@dead_letters.command()
def drop(
    service: Service,
    ids: Ids = None,
    data_dir: DataDir = DEFAULT_DATA_DIR,
    database_url_: DatabaseUrl = None,
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Don't ask for confirmation.")] = False,
    as_json: AsJson = False,
) -> None:
    """Drop dead letters: the service never processes them; messages parked behind them are processed.

    \b
    Examples:
      townhall dead-letters drop committee 7 --yes

    Exit code 0, or 1 if one of them is unknown or settled already, or you answered no; then nothing is changed.
    """
    url = database_url(service, database_url_, data_dir)
    if not yes:
        asyncio.run(_require_open(service, url, ids or []))
        typer.confirm(f"{service} will never process {_numbered(ids or [])}. Drop?", abort=True, err=True)
    _print_ids(service, "dropped", asyncio.run(_set_status(service, url, ids, "dropped", every=False)), as_json=as_json)


async def _page(urls: dict[str, str], *, settled: bool, limit: int) -> list[tuple[str, DeadLetter]]:
    found: list[tuple[str, DeadLetter]] = []
    for service, url in urls.items():
        async with database(service, url) as db, db.reading() as session:
            found += [(service, each) for each in await dead_letter_rows.page(session, settled=settled, limit=limit)]
    return found


async def _find(service: str, url: str, message_id: int) -> tuple[DeadLetter, bytes]:
    async with database(service, url) as db, db.reading() as session:
        found = await dead_letter_rows.find(session, message_id)
    if found is None:
        raise CommandError(f"{service} has no dead letter {message_id}.")
    return found


async def _set_status(service: str, url: str, ids: list[int] | None, status: str, *, every: bool) -> list[int]:
    """Set the status of all of them, or raise `CommandError` and change none; return their ids."""
    async with database(service, url) as db, db.transaction() as tx:
        chosen = await dead_letter_rows.unparked(tx.session) if every else ids or []
        missing = set(chosen) - await dead_letter_rows.set_status(tx.session, chosen, status)
        if missing or not (chosen or every):
            await _check_open(tx.session, service, sorted(missing))
    return sorted(chosen)


async def _require_open(service: str, url: str, ids: list[int]) -> None:
    async with database(service, url) as db, db.reading() as session:
        await _check_open(session, service, ids)


async def _check_open(session: AsyncSession, service: str, ids: list[int]) -> None:
    """Check that all of them exist and are not settled; raises `CommandError`, which names the others."""
    if not ids:
        raise CommandError("No ids given: name dead letters by the ids that `townhall dead-letters list` prints.")
    statuses = await dead_letter_rows.statuses(session, ids)
    unknown = sorted(set(ids) - statuses.keys())
    if unknown:
        raise CommandError(f"{service} has no {_numbered(unknown)}. Nothing changed.")
    settled = sorted(each for each, status in statuses.items() if status in dead_letter_rows.SETTLED)
    if settled:
        were = "was" if len(settled) == 1 else "were"
        raise CommandError(f"In {service}, {_numbered(settled)} {were} applied or dropped already. Nothing changed.")


def _print_ids(service: str, status: str, ids: list[int], *, as_json: bool) -> None:
    if as_json:
        print_json({"service": service, status: ids})
    else:
        typer.echo(f"{len(ids)} {status}")


def _numbered(ids: list[int]) -> str:
    return f"dead letter{'s' if len(ids) > 1 else ''} {', '.join(map(str, ids))}"


def _summary(each: DeadLetter) -> str:
    return f"{each.headers.get('ce_type', 'no type')} of {each.key or 'no key'}, {each.size or 0} bytes"
