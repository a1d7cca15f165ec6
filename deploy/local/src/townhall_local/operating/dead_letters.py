"""`townhall dead-letters`: look at messages a service could not take, and decide what becomes of them."""

import asyncio
from typing import Annotated

import typer

from townhall_local.names import SERVICES
from townhall_local.operating import dead_letter_rows
from townhall_local.operating.dead_letter_rows import DeadLetter
from townhall_local.operating.reaching import database, database_url
from townhall_local.options import HERE, AsJson, DatabaseUrl, DataDir
from townhall_local.saying import put_json
from townhall_local.trouble import Trouble

dead_letters = typer.Typer(no_args_is_help=True, help="Messages that services could not take.")

Service = Annotated[str, typer.Argument(help="proposal, voting, committee or evaluation: who could not take it.")]
Ids = Annotated[list[int] | None, typer.Argument(metavar="[ID]…", help="As `list` shows them.")]


@dead_letters.command("list")
def list_(
    service: Annotated[str | None, typer.Option(help="Only this service; all four by default.")] = None,
    data_dir: DataDir = HERE,
    database_url_: DatabaseUrl = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="Of each service.")] = 100,
    *,
    settled: Annotated[bool, typer.Option(help="Also those applied or dropped since.")] = False,
    as_json: AsJson = False,
) -> None:
    """List the messages that wait for a decision, and those that wait behind one, oldest first.

    \b
    Examples:
      townhall dead-letters list
      townhall dead-letters list --service committee --json

    Exit code 0, or 1 when a database could not be used.
    """
    if database_url_ and not service:
        raise Trouble("--database-url is one service's database: name it with --service.")
    chosen = [service] if service else list(SERVICES)
    urls = {name: database_url(name, database_url_, data_dir) for name in chosen}
    found = asyncio.run(_listed(urls, settled=settled, limit=limit))
    if as_json:
        put_json({"items": [{"service": name, **each.model_dump()} for name, each in found]})
        return
    for name, each in found:
        typer.echo(
            f"{name} {each.id}  {each.status}  {each.reason}  {_what(each)}  {each.dead_lettered_at:%Y-%m-%d %H:%M:%SZ}"
        )
    if not found:
        typer.echo("nothing is set aside")


@dead_letters.command()
def show(
    service: Service,
    message_id: Annotated[int, typer.Argument(metavar="ID", help="As `list` shows it.")],
    data_dir: DataDir = HERE,
    database_url_: DatabaseUrl = None,
    *,
    body: Annotated[bool, typer.Option("--body", help="Print the body too; it may hold what people wrote.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show why one message was set aside, and its headers.

    \b
    Examples:
      townhall dead-letters show committee 7
      townhall dead-letters show committee 7 --body

    Exit code 0, or 1 when there is no such message.
    """
    found, value = asyncio.run(_shown(service, database_url(service, database_url_, data_dir), message_id))
    read = {"body": value.decode(errors="replace")} if body else {}
    if as_json:
        put_json({"service": service, **found.model_dump(), **read})
        return
    for name, said in found.model_dump(exclude={"headers"}).items():
        typer.echo(f"{name + ':':<14}{said}")
    for name, said in found.headers.items():
        typer.echo(f"  {name}: {said}")
    typer.echo(read.get("body", "(--body shows the body)"))


@dead_letters.command()
def requeue(
    service: Service,
    ids: Ids = None,
    data_dir: DataDir = HERE,
    database_url_: DatabaseUrl = None,
    *,
    every: Annotated[bool, typer.Option("--all", help="All that wait for a decision.")] = False,
    as_json: AsJson = False,
) -> None:
    """Let the service try messages again, in the order of their key.

    The service must be running; what fails again waits again, with one attempt more.

    \b
    Examples:
      townhall dead-letters requeue committee 7 8
      townhall dead-letters requeue committee --all

    Exit code 0, or 1 when one of them does not wait any more.
    """
    url = database_url(service, database_url_, data_dir)
    done = asyncio.run(_decided(service, url, ids, "requeued", every=every))
    _tell(service, "requeued", done, as_json=as_json)


@dead_letters.command()
def drop(
    service: Service,
    ids: Ids = None,
    data_dir: DataDir = HERE,
    database_url_: DatabaseUrl = None,
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Don't ask.")] = False,
    as_json: AsJson = False,
) -> None:
    """Give messages up: they never have an effect here, and those behind them go on.

    \b
    Examples:
      townhall dead-letters drop committee 7 --yes

    Exit code 0, or 1 when one of them does not wait any more, or you said no.
    """
    url = database_url(service, database_url_, data_dir)
    if not yes:
        typer.confirm(f"{service} will never act on {_many(ids or [])}. Drop?", abort=True, err=True)
    _tell(service, "dropped", asyncio.run(_decided(service, url, ids, "dropped", every=False)), as_json=as_json)


async def _listed(urls: dict[str, str], *, settled: bool, limit: int) -> list[tuple[str, DeadLetter]]:
    found: list[tuple[str, DeadLetter]] = []
    for service, url in urls.items():
        async with database(service, url) as db, db.reading() as session:
            found += [(service, each) for each in await dead_letter_rows.listed(session, settled=settled, limit=limit)]
    return found


async def _shown(service: str, url: str, message_id: int) -> tuple[DeadLetter, bytes]:
    async with database(service, url) as db, db.reading() as session:
        found = await dead_letter_rows.shown(session, message_id)
    if found is None:
        raise Trouble(f"{service} has set aside no message {message_id}.")
    return found


async def _decided(service: str, url: str, ids: list[int] | None, status: str, *, every: bool) -> list[int]:
    """Decide all of them, or none when one is not open any more; return which."""
    async with database(service, url) as db, db.transaction() as tx:
        chosen = await dead_letter_rows.causes(tx.session) if every else ids or []
        if not chosen and not every:
            raise Trouble("Say which messages, by the ids that `townhall dead-letters list` shows.")
        missing = set(chosen) - await dead_letter_rows.decide(tx.session, chosen, status)
        if missing:
            raise Trouble(f"In {service}, {_many(sorted(missing))} does not wait any more; nothing was changed.")
    return sorted(chosen)


def _tell(service: str, status: str, ids: list[int], *, as_json: bool) -> None:
    if as_json:
        put_json({"service": service, status: ids})
    else:
        typer.echo(f"{len(ids)} {status}")


def _many(ids: list[int]) -> str:
    return f"message{'s' if len(ids) > 1 else ''} {', '.join(map(str, ids))}"


def _what(each: DeadLetter) -> str:
    return f"{each.headers.get('ce_type', 'no type')} of {each.key or 'no key'}, {each.size or 0} bytes"
