"""Events and messages for the tests of the common library."""

from collections.abc import Mapping
from datetime import UTC, datetime
from types import SimpleNamespace
from uuid import UUID, uuid4

from townhall.chassis.consuming.message import Message
from townhall.chassis.envelope import event_headers
from townhall.chassis.telemetry import tracing
from townhall.contracts import voting
from townhall.contracts.values import RuleUsed, TaskId
from townhall.testing.deliveries import PUBLIC_URL

AT = datetime(2026, 3, 1, 9, tzinfo=UTC)


def closed(task: UUID | None = None, *, yes: int = 0) -> voting.VoteClosed:
    """Return an event, identified by `yes`."""
    return voting.VoteClosed(
        task_id=TaskId(task or uuid4()),
        yes=yes,
        no=0,
        threshold_reached=False,
        closed_at=AT,
        rule=RuleUsed(version=1, article="제5조"),
    )


class Topic:
    """Creates messages as a broker delivers them, with rising positions, and rising versions per key."""

    def __init__(self) -> None:
        self._position = 0
        self._versions: dict[str, int] = {}

    def message(self, event: voting.VoteClosed | voting.VoteScheduled) -> Message:
        """Return a well-formed message."""
        self._versions[event.key] = version = self._versions.get(event.key, 0) + 1
        headers = event_headers(
            PUBLIC_URL, event, event_id=uuid4(), version=version, at=AT, traceparent=tracing.new_traceparent()
        )
        return self.raw(event.key, headers, event.model_dump_json().encode())

    def raw(self, key: str | None, headers: Mapping[str, str], value: bytes | None) -> Message:
        """Return a message of any content, as the broker would deliver it."""
        self._position += 1
        record = SimpleNamespace(
            topic=voting.TOPIC,
            partition=0,
            offset=self._position,
            key=key.encode() if key is not None else None,
            headers=[("odd", None), ("binary", b"\xff"), *((name, text.encode()) for name, text in headers.items())],
            value=value,
        )
        return Message.of(record, "")
