"""How long a cluster keeps what is on a topic: read, and set right."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import for_code

from townhall.chassis.retrying import sleep
from townhall_local.trouble import Trouble

Settings = Mapping[str, str]
TRIES: Final = 100
WAIT: Final = 0.1
"""Seconds between looks at what the cluster shows."""
_OF_TOPIC: Final = 1
"""Kafka's word for a setting that was made for this topic, and is no default."""


async def settings_of(admin: AIOKafkaAdminClient, topics: Sequence[str]) -> dict[str, Settings]:
    """Return every setting of each topic, the cluster's defaults included."""
    return {name: {entry[0]: entry[1] for entry in entries} for name, entries in (await _told(admin, topics)).items()}


async def set_right(admin: AIOKafkaAdminClient, wanted: Mapping[str, Settings]) -> None:
    """Give each topic these settings, and return when the cluster shows them.

    The others it was given stay: the request replaces all of them together.
    """
    own = {
        name: {entry[0]: entry[1] for entry in entries if entry[3] == _OF_TOPIC}
        for name, entries in (await _told(admin, list(wanted))).items()
    }
    asked = [ConfigResource(ConfigResourceType.TOPIC, name, {**own[name], **wanted[name]}) for name in wanted]
    for answer in await admin.alter_configs(asked) if asked else ():
        for code, _, _, name in answer.resources:
            if code:
                raise Trouble(f"The cluster refused to change the settings of {name}: {for_code(code).__name__}.")
    await _until_shown(admin, wanted)


async def _until_shown(admin: AIOKafkaAdminClient, wanted: Mapping[str, Settings]) -> None:
    """Wait: a cluster answers when it has written a change down, and its brokers act on it a little later."""
    for _ in range(TRIES):
        shown = await settings_of(admin, list(wanted))
        if all(settings.items() <= shown[name].items() for name, settings in wanted.items()):
            return
        await sleep(WAIT)
    raise Trouble(
        "The cluster took the new settings and does not show them yet; look again with `townhall topics plan`."
    )


async def _told(admin: AIOKafkaAdminClient, topics: Sequence[str]) -> dict[str, Any]:
    """Return the entries of each topic as the protocol has them: name, value, read-only, where it comes from."""
    asked = [ConfigResource(ConfigResourceType.TOPIC, name) for name in topics]
    answers = await admin.describe_configs(asked) if asked else ()
    return {name: entries for answer in answers for *_, name, entries in answer.resources}
