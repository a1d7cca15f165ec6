"""`townhall topics acl`: who may read and write the platform's topics."""

import asyncio
import re
from typing import Annotated, Final

import typer

from townhall.chassis.broker import Bus
from townhall_local.errors import CommandError
from townhall_local.operating.access_rules import Access, Comparison, Rule
from townhall_local.operating.connections import cluster
from townhall_local.operating.provisioning import require_access
from townhall_local.options import DEFAULT_DATA_DIR, AsJson, DataDir, Prefix, Servers
from townhall_local.output import print_json, print_line
from townhall_local.service_names import SERVICES

CHANGES_NEEDED: Final = 2
_NAME: Final = re.compile(r"[A-Za-z0-9_-]{1,60}")

PrincipalPrefix = Annotated[
    str, typer.Option(metavar="TEXT", help="What the services' and subscribers' user names begin with, as `townhall-`.")
]
Subscribers = Annotated[
    list[str] | None,
    typer.Option(
        "--subscriber",
        metavar="NAME",
        help="A system that reads the events, with groups named subscriber.NAME.…; repeat it for each one.",
    ),
]


def acl(
    data_dir: DataDir = DEFAULT_DATA_DIR,
    kafka: Servers = None,
    prefix: Prefix = "",
    principal_prefix: PrincipalPrefix = "",
    subscriber: Subscribers = None,
    *,
    apply: Annotated[bool, typer.Option("--apply", help="Create the missing rules.")] = False,
    prune: Annotated[bool, typer.Option("--prune", help="Delete the superfluous rules. Name all subscribers.")] = False,
    as_json: AsJson = False,
) -> None:
    """Print the rules (ACLs) the platform needs and how those of the cluster differ; with --apply create them.

    Each service writes its own topic and dead letters and reads what it consumes; a subscriber reads all events and no
    dead letters. The cluster must deny what no rule allows, and its administrators must be super users.

    \b
    Marks: = exists   + missing   - superfluous   ! broader than the platform, never changed here
    Examples:
      townhall topics acl --kafka kafka-1:9093
      townhall topics acl --kafka kafka-1:9093 --subscriber audit-office --apply --prune

    Exit code 0 if the rules are as needed, or are now; 2 if they differ; 1 if the cluster refused.
    """
    access = Access(prefix, principal_prefix, _checked(subscriber or []))
    found = _compared(cluster(kafka, data_dir, prefix), access, apply=apply, prune=prune)
    _show(found, as_json=as_json)
    done = not found.broader and (apply or not found.missing) and (prune or not found.superfluous)
    raise typer.Exit(0 if done else CHANGES_NEEDED)


def _checked(subscribers: list[str]) -> list[str]:
    """Return the names, each once; raises `CommandError` for one that isn't possible."""
    for name in subscribers:
        if name in SERVICES or not _NAME.fullmatch(name):
            raise CommandError(f"{name!r} can't be a subscriber: use letters, digits, _ and -, and no service's name.")
    return sorted(set(subscribers))


def _compared(bus: Bus, access: Access, *, apply: bool, prune: bool) -> Comparison:
    """Compare, and change what is requested; return the differences there were."""
    from townhall_local.operating.acl_client import AclClient  # noqa: PLC0415  loads librdkafka

    asyncio.run(require_access(bus))
    client = AclClient(bus)
    found = access.compare(client.rules())
    if apply:
        client.create(found.missing)
    if prune:
        client.delete(found.superfluous)
    return found


def _show(found: Comparison, *, as_json: bool) -> None:
    if as_json:
        print_json(found)
        return
    marked = [("+" if rule in found.missing else "=", rule) for rule in found.wanted]
    marked += [("-", rule) for rule in found.superfluous] + [("!", rule) for rule in found.broader]
    width = max(len(rule.principal) for _, rule in marked)
    for mark, rule in marked:
        print_line(f"{mark} {rule.principal:{width}}  {_words(rule)}")


def _words(rule: Rule) -> str:
    name = rule.name + ("…" if rule.pattern == "prefixed" else "")
    host = "" if rule.host == "*" else f" from {rule.host}"
    denied = "" if rule.permission == "allow" else f"{rule.permission} "
    return f"{denied}{rule.operation:5}  {rule.resource} {name}{host}"
