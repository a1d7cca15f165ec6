"""`townhall topics`: the topics the platform needs."""

import asyncio
from typing import Annotated

import typer

from townhall.chassis.broker import Bus
from townhall_local.errors import CommandError
from townhall_local.operating.connections import cluster
from townhall_local.operating.provisioning import Plan, admin_client, correct_settings, create, desired, plan
from townhall_local.options import DEFAULT_DATA_DIR, AsJson, DataDir, Prefix, Servers
from townhall_local.output import print_json, print_line

CHANGES_NEEDED = 2

topics = typer.Typer(
    no_args_is_help=True,
    help="Create and check the platform's topics, and who may use them, on a Kafka cluster. TLS and SASL to a cluster "
    "given with --kafka are set by TOWNHALL_KAFKA_* variables, named like the services' settings.",
)
Replicas = Annotated[
    int | None,
    typer.Option(min=1, metavar="N", help="Replicas of each new topic. Default: 3, or fewer on fewer brokers."),
]


@topics.command("plan")
def show_plan(
    data_dir: DataDir = DEFAULT_DATA_DIR, kafka: Servers = None, prefix: Prefix = "", *, as_json: AsJson = False
) -> None:
    """Print what `apply` would change, without changing anything.

    \b
    Examples:
      townhall topics plan
      townhall topics plan --kafka kafka-1:9092,kafka-2:9092 --json

    Exit code 0 if nothing has to change, 2 if something has, 1 if the cluster could not be reached.
    """
    found = asyncio.run(_plan(cluster(kafka, data_dir, prefix)))
    _show(found, as_json=as_json)
    raise typer.Exit(CHANGES_NEEDED if found.changes else 0)


@topics.command()
def apply(
    data_dir: DataDir = DEFAULT_DATA_DIR,
    kafka: Servers = None,
    prefix: Prefix = "",
    replicas: Replicas = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Create missing topics and set unlimited retention on event topics. Safe to repeat.

    Deleted events come back with `townhall outbox refill`. A topic with another number of partitions is never changed:
    its keys would move and lose their order.

    \b
    Examples:
      townhall topics apply
      townhall topics apply --kafka kafka-1:9092 --replicas 3

    Exit code 0 if every topic is as required, 1 if one could not be changed.
    """
    found = asyncio.run(_apply(cluster(kafka, data_dir, prefix), replicas))
    _show(found, as_json=as_json)


async def _plan(bus: Bus) -> Plan:
    async with admin_client(bus.servers, bus.security) as admin:
        return await plan(admin, desired(bus.prefix))


async def _apply(bus: Bus, replicas: int | None) -> Plan:
    async with admin_client(bus.servers, bus.security) as admin:
        found = await plan(admin, desired(bus.prefix))
        if found.repartitioned:
            raise CommandError(
                f"{', '.join(found.repartitioned)} has another number of partitions than the platform needs, "
                "and changing it would break the order of keys; nothing was changed."
            )
        await create(admin, found.missing, replicas)
        await correct_settings(admin, desired(bus.prefix), found)
        return found


def _show(found: Plan, *, as_json: bool) -> None:
    if as_json:
        print_json(found)
        return
    if not found.changes:
        print_line("Nothing has to change.")
        return
    for topic in found.missing:
        print_line(f"+ {topic.name}  {topic.partitions} partitions")
    for name in found.present:
        print_line(_verdict(found, name))


def _verdict(found: Plan, name: str) -> str:
    """Return the line of an existing topic: whether it is as required, and if not, why."""
    if name in found.repartitioned:
        return f"! {name}  has another number of partitions"
    return f"~ {name}  has another retention than the platform needs" if name in found.wrong_settings else f"= {name}"
