"""The four services, put together and not started: what they say of themselves."""

from functools import cache
from importlib import import_module
from typing import Final

from townhall.chassis.serve import Service
from townhall.chassis.settings import ServiceSettings
from townhall.chassis.state import state_of
from townhall.contracts import Event
from townhall.testing.services import application

NAMES: Final = ("proposal", "voting", "committee", "evaluation")
KEY: Final = bytes(range(32)).hex()


@cache
def service(name: str) -> Service:
    """Return what a service adds to the chassis. Its settings lead nowhere."""
    kind: type[ServiceSettings] = import_module(f"{name}.settings").Settings
    needed = [field for field, info in kind.model_fields.items() if info.is_required()]
    nowhere = {
        "environment": "local",
        "port": 0,
        "database_url": "postgresql://nowhere.example/none",
        "kafka_servers": "nowhere.example:9092",
        "issuer": "https://nowhere.example",
        "jwks_url": "https://nowhere.example/jwks.json",
    }
    keys = {field: KEY for field in needed if field.endswith("_key")}
    return state_of(application(kind.model_validate(nowhere | keys), name), Service)


def hears(name: str) -> list[type[Event]]:
    """Return the event types a service acts on."""
    return [kind for each in service(name).subscriptions for kind in each.consumes]


def hearers(kind: type[Event]) -> list[str]:
    """Return the services that act on an event."""
    return [name for name in NAMES if kind in hears(name)]
