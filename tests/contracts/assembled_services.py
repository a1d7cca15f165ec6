"""The four services, assembled but not started: their events, routes and metrics."""

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
    """Return the definition of a service, assembled with settings that connect to nothing."""
    kind: type[ServiceSettings] = import_module(f"{name}.settings").Settings
    needed = [field for field, info in kind.model_fields.items() if info.is_required()]
    settings = {
        "environment": "local",
        "port": 0,
        "database_url": "postgresql://nowhere.example/none",
        "kafka_servers": "nowhere.example:9092",
        "issuer": "https://nowhere.example",
        "jwks_url": "https://nowhere.example/jwks.json",
    }
    keys = {field: KEY for field in needed if field.endswith("_key")}
    return state_of(application(kind.model_validate(settings | keys), name), Service)


def consumed_events(name: str) -> list[type[Event]]:
    """Return the event types a service consumes."""
    return [kind for each in service(name).subscriptions for kind in each.consumes]


def consumers_of(kind: type[Event]) -> list[str]:
    """Return the services that consume an event type."""
    return [name for name in NAMES if kind in consumed_events(name)]
