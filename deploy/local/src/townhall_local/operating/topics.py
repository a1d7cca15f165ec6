"""`townhall topics`: make the topics the platform needs."""

import asyncio
from typing import Annotated

import typer

from townhall_local.operating.provisioning import Plan, administering, create, desired, mend, plan
from townhall_local.operating.reaching import servers
from townhall_local.options import HERE, AsJson, DataDir, Servers
from townhall_local.saying import put_json
from townhall_local.trouble import Trouble

CHANGES_NEEDED = 2

topics = typer.Typer(no_args_is_help=True, help="The platform's topics on a Kafka cluster.")

Prefix = Annotated[str, typer.Option(help="Put before every topic name, as the services' TOPIC_PREFIX.")]
Replicas = Annotated[
    int | None, typer.Option(min=1, help="Copies of each new topic; by default 3, or fewer on fewer brokers.")
]


@topics.command("plan")
def show_plan(data_dir: DataDir = HERE, kafka: Servers = None, prefix: Prefix = "", *, as_json: AsJson = False) -> None:
    """Say what `apply` would do; change nothing.

    \b
    Examples:
      townhall topics plan
      townhall topics plan --kafka kafka-1:9092,kafka-2:9092 --json

    Exit code 0 when nothing has to change, 2 when something has, 1 when the cluster could not be asked.
    """
    found = asyncio.run(_plan(servers(kafka, data_dir), prefix))
    _show(found, as_json=as_json)
    raise typer.Exit(CHANGES_NEEDED if found.changes else 0)


@topics.command()
def apply(
    data_dir: DataDir = HERE,
    kafka: Servers = None,
    prefix: Prefix = "",
    replicas: Replicas = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Make the topics that are missing, and have those that forget keep everything. May be repeated.

    What a topic had thrown away, `townhall outbox refill` brings back. A topic with another number of partitions is
    never changed: its keys would move and lose their order.

    \b
    Examples:
      townhall topics apply
      townhall topics apply --kafka kafka-1:9092 --replicas 3

    Exit code 0 when every topic is as it must be, 1 when one can't be.
    """
    found = asyncio.run(_apply(servers(kafka, data_dir), prefix, replicas))
    _show(found, as_json=as_json)


async def _plan(at: str, prefix: str) -> Plan:
    async with administering(at) as admin:
        return await plan(admin, desired(prefix))


async def _apply(at: str, prefix: str, replicas: int | None) -> Plan:
    async with administering(at) as admin:
        found = await plan(admin, desired(prefix))
        if found.repartitioned:
            raise Trouble(
                f"{', '.join(found.repartitioned)} has another number of partitions than the platform needs, "
                "and changing it would break the order of keys; nothing was changed."
            )
        await create(admin, found.missing, replicas)
        await mend(admin, desired(prefix), found)
        return found


def _show(found: Plan, *, as_json: bool) -> None:
    if as_json:
        put_json(found)
        return
    for topic in found.missing:
        typer.echo(f"+ {topic.name}  {topic.partitions} partitions")
    for name in found.present:
        typer.echo(_verdict(found, name))


def _verdict(found: Plan, name: str) -> str:
    """Tell of a topic that exists whether it is as it must be."""
    if name in found.repartitioned:
        return f"! {name}  has another number of partitions"
    return f"~ {name}  does not keep everything" if name in found.forgetful else f"= {name}"
