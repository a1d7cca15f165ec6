"""`townhall dead-letters`: inspect, requeue and drop messages that a service could not process."""

import asyncio
from typing import Annotated

import typer

from townhall_local.errors import CommandError
from townhall_local.operating.connections import database_url
from townhall_local.operating.dead_letter_access import choose, find, numbered, pages, set_status
from townhall_local.operating.dead_letter_filter import EventType, Filter, OlderThan, Reason, Topic
from townhall_local.operating.dead_letter_reasons import explanation
from townhall_local.operating.dead_letter_rows import DeadLetter
from townhall_local.options import DEFAULT_DATA_DIR, AsJson, DatabaseUrl, DataDir
from townhall_local.output import print_json, print_line, printable
from townhall_local.service_names import SERVICES

dead_letters = typer.Typer(
    no_args_is_help=True, help="Inspect, requeue and drop messages that a service could not process."
)

Service = Annotated[
    str, typer.Argument(metavar="SERVICE", help="The consuming service: proposal, voting, committee or evaluation.")
]
Every = Annotated[
    bool, typer.Option("--all", help="All dead letters of the service that are not requeued, dropped or parked.")
]
Yes = Annotated[bool, typer.Option("--yes", help="Don't ask for confirmation.")]
Ids = Annotated[list[int] | None, typer.Argument(metavar="[ID...]", help="Ids as printed by `list`.")]


@dead_letters.command("list")
def list_(
    service: Annotated[
        str | None, typer.Option(metavar="SERVICE", help="Only this service. Default: all four.")
    ] = None,
    data_dir: DataDir = DEFAULT_DATA_DIR,
    database_url_: DatabaseUrl = None,
    *,
    topic: Topic = None,
    reason: Reason = None,
    event_type: EventType = None,
    older_than: OlderThan = None,
    after: Annotated[int, typer.Option(min=0, metavar="ID", help="Only ids above this: the next page.")] = 0,
    limit: Annotated[int, typer.Option(min=1, max=10_000, metavar="N", help="At most so many of each service.")] = 100,
    settled: Annotated[bool, typer.Option(help="Include those that were applied or dropped since.")] = False,
    as_json: AsJson = False,
) -> None:
    """List dead letters, and the messages parked behind them, oldest first.

    \b
    Examples:
      townhall dead-letters list
      townhall dead-letters list --service committee --json
      townhall dead-letters list --service committee --reason bad-body --after 1200

    Exit code 0, or 1 if a database could not be used.
    """
    if (database_url_ or after) and not service:
        raise CommandError("--database-url and --after are of one service: name the service with --service.")
    chosen = Filter(topic, reason, event_type, older_than)
    urls = {name: database_url(name, database_url_, data_dir) for name in ([service] if service else list(SERVICES))}
    found = asyncio.run(pages(urls, chosen, settled=settled, limit=limit, after=after))
    if as_json:
        totals = {name: total for name, (total, _) in found.items()}
        items = [{"service": name, **each.model_dump()} for name, (_, page) in found.items() for each in page]
        print_json({"totals": totals, "items": items})
        return
    for name, (total, page) in found.items():
        _print_page(name, total, page)
    if not any(total for total, _ in found.values()):
        print_line("no dead letters")


def _print_page(service: str, total: int, page: list[DeadLetter]) -> None:
    for each in page:
        at = f"{each.dead_lettered_at:%Y-%m-%d %H:%M:%SZ}"
        print_line(f"{service} {each.id}  {each.status}  {each.reason}  {_summary(each)}  {at}")
    if total:
        more = f"; after these: --service {service} --after {page[-1].id}" if len(page) < total and page else ""
        print_line(f"{service}: {len(page)} of {total}{more}")


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
    """Show one dead letter: why it is one, its position, attempts and headers, and how many wait behind it.

    \b
    Examples:
      townhall dead-letters show committee 7
      townhall dead-letters show committee 7 --body

    Exit code 0, or 1 if there is no such dead letter.
    """
    found, value, behind = asyncio.run(find(service, database_url(service, database_url_, data_dir), message_id))
    content = {"body": value.decode(errors="replace")} if body else {}
    why = {"why": explanation(found), "parked_behind": behind}
    if as_json:
        print_json({"service": service, **found.model_dump(), **why, **content})
        return
    for name, field in {**found.model_dump(exclude={"headers"}), **why}.items():
        print_line(f"{name + ':':<18}{field}")
    for name, header in found.headers.items():
        print_line(f"  {name}: {header}")
    print_line(content.get("body", "(use --body to print the body)"))


@dead_letters.command()
def requeue(
    service: Service,
    ids: Ids = None,
    data_dir: DataDir = DEFAULT_DATA_DIR,
    database_url_: DatabaseUrl = None,
    *,
    topic: Topic = None,
    reason: Reason = None,
    event_type: EventType = None,
    older_than: OlderThan = None,
    every: Every = False,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Requeue dead letters: the running service processes them again, in the order of their key.

    Messages parked behind them follow. One that fails again stays a dead letter, with one more attempt counted.

    \b
    Examples:
      townhall dead-letters requeue committee 7 8
      townhall dead-letters requeue committee --reason OperationalError
      townhall dead-letters requeue committee --all --yes

    Exit code 0, or 1 if one of them is unknown or settled already, or you answered no; then nothing is changed.
    """
    chosen = Filter(topic, reason, event_type, older_than)
    url = database_url(service, database_url_, data_dir)
    selection = asyncio.run(choose(service, url, ids or [], chosen, every=every))
    if not yes and not ids:
        _confirm(f"{service} will process {numbered(selection)} again. Requeue?", selection)
    _print_ids(service, "requeued", asyncio.run(set_status(service, url, selection, "requeued")), as_json=as_json)


@dead_letters.command()
def drop(
    service: Service,
    ids: Ids = None,
    data_dir: DataDir = DEFAULT_DATA_DIR,
    database_url_: DatabaseUrl = None,
    *,
    topic: Topic = None,
    reason: Reason = None,
    event_type: EventType = None,
    older_than: OlderThan = None,
    every: Every = False,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Drop dead letters: the service never processes them; messages parked behind them are processed.

    \b
    Examples:
      townhall dead-letters drop committee 7 --yes
      townhall dead-letters drop committee --topic townhall.voting.v1 --reason bad-body --older-than 7d
      townhall dead-letters drop committee --all

    Exit code 0, or 1 if one of them is unknown or settled already, or you answered no; then nothing is changed.
    """
    chosen = Filter(topic, reason, event_type, older_than)
    url = database_url(service, database_url_, data_dir)
    selection = asyncio.run(choose(service, url, ids or [], chosen, every=every))
    if not yes:
        _confirm(f"{service} will never process {numbered(selection)}. Drop?", selection)
    _print_ids(service, "dropped", asyncio.run(set_status(service, url, selection, "dropped")), as_json=as_json)


def _confirm(question: str, selection: list[int]) -> None:
    """Ask, unless there is nothing to do. Aborts the command if the answer is no."""
    if selection:
        typer.confirm(printable(question), abort=True, err=True)


def _print_ids(service: str, status: str, ids: list[int], *, as_json: bool) -> None:
    if as_json:
        print_json({"service": service, status: ids})
    else:
        print_line(f"{len(ids)} {status}")


def _summary(each: DeadLetter) -> str:
    return f"{each.headers.get('ce_type', 'no type')} of {each.key or 'no key'}, {each.size or 0} bytes"
