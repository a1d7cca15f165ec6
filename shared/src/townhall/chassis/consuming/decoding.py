"""Which messages a service acts on, and what they say."""

from collections.abc import Sequence
from dataclasses import dataclass

from townhall.chassis.consuming.message import Handler, Message, Subscription
from townhall.chassis.envelope import opened, unsealed
from townhall.contracts import Event, ReceivedEvent


@dataclass(frozen=True, slots=True)
class Ready:
    """A readable event with the handler that applies it."""

    message: Message
    received: ReceivedEvent[Event]
    traceparent: str | None
    handler: Handler


class EventDecoder:
    """Reads messages for the handlers of one service."""

    def __init__(self, subscriptions: Sequence[Subscription]) -> None:
        self._handlers = {(each.topic, kind.TYPE): act for each in subscriptions for kind, act in each.consumes.items()}

    def wants(self, message: Message) -> bool:
        """Tell whether the message has to be read. One that doesn't even name its type has."""
        return not message.type or (message.topic, message.type) in self._handlers

    def read(self, message: Message) -> Ready:
        """Read a wanted message, or raise `Unreadable`."""
        envelope = unsealed(message.headers)
        handler = self._handlers[message.topic, envelope.type]
        return Ready(message, opened(envelope, message.value), envelope.traceparent, handler)
