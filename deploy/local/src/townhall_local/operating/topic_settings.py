"""Reading and changing the settings of topics."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import for_code

from townhall.chassis.retrying import sleep
from townhall_local.errors import CommandError

Settings = Mapping[str, str]
ATTEMPTS: Final = 100
POLL_EVERY: Final = 0.1
"""Seconds between reads until the cluster shows a change."""
_TOPIC_CONFIG: Final = 1
"""Kafka's config source code of a setting made for this topic, as opposed to a default."""


async def settings_of(admin: AIOKafkaAdminClient, topics: Sequence[str]) -> dict[str, Settings]:
    """Return all settings of each topic, defaults included."""
    return {
        name: {entry[0]: entry[1] for entry in entries} for name, entries in (await _describe(admin, topics)).items()
    }


async def change_settings(admin: AIOKafkaAdminClient, wanted: Mapping[str, Settings]) -> None:
    """Change these settings of each topic and wait until the cluster shows them.

    Its other settings are sent too, since the request replaces all of them. Raises `CommandError` on a
    refusal.
    """
    own = {
        name: {entry[0]: entry[1] for entry in entries if entry[3] == _TOPIC_CONFIG}
        for name, entries in (await _describe(admin, list(wanted))).items()
    }
    resources = [ConfigResource(ConfigResourceType.TOPIC, name, {**own[name], **wanted[name]}) for name in wanted]
    for answer in await admin.alter_configs(resources) if resources else ():
        for code, _, _, name in answer.resources:
            if code:
                raise CommandError(f"The cluster refused to change the settings of {name}: {for_code(code).__name__}.")
    await _until_shown(admin, wanted)


async def _until_shown(admin: AIOKafkaAdminClient, wanted: Mapping[str, Settings]) -> None:
    """Wait: the cluster acknowledges a change before its brokers apply it."""
    for _ in range(ATTEMPTS):
        shown = await settings_of(admin, list(wanted))
        if all(settings.items() <= shown[name].items() for name, settings in wanted.items()):
            return
        await sleep(POLL_EVERY)
    raise CommandError(
        "The cluster accepted the new settings but does not show them yet; check again with `townhall topics plan`."
    )


async def _describe(admin: AIOKafkaAdminClient, topics: Sequence[str]) -> dict[str, Any]:
    """Return the config entries of each topic: name, value, read-only, source, as in the Kafka protocol."""
    resources = [ConfigResource(ConfigResourceType.TOPIC, name) for name in topics]
    answers = await admin.describe_configs(resources) if resources else ()
    return {name: entries for answer in answers for *_, name, entries in answer.resources}
