"""The pages that are made from the code: `python -m tests.contracts.pages` writes them, a test refuses stale ones."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from tests.contracts.assembled import NAMES, hearers, service
from tests.contracts.meanings import meaning, shown_type, value_types
from tests.contracts.metrics import tables
from townhall.contracts import CATALOGUE, TOPICS, Event

DOCS: Final = Path(__file__).parents[2] / "docs"
MADE: Final = "<!-- Made by `make docs` from the code. A change here is lost and fails the check. -->"

ABOUT_EVENTS: Final = """\
Each service announces facts on one topic, as CloudEvents 1.0 in Kafka's binary mode: attributes as `ce_*` headers, the
fact as the JSON body. `ce_id` is the same each time an event is delivered. `ce_sequence` counts 1, 2, 3 … within one
`ce_source` and key: events of a key arrive in that order. Ignore fields and types you don't know. A type only ever gets
new fields that an old event can lack; anything else is a new type, `.v2`, beside `.v1` for one release.

The JSON schema of each type is `shared/schemas/<type>.json`; each service serves its AsyncAPI document at
`/asyncapi.json`. No event names a person: who acted is told by role, and of ballots only totals are told."""

ABOUT_METRICS: Final = """\
Each service answers `/metrics`. Labels come from closed sets: never an id, never a person, never a choice.
Counters are shown with the `_total` they are scraped with."""


def events() -> str:
    """Return docs/events.md."""
    lines = ["# Events", "", MADE, "", ABOUT_EVENTS, ""]
    for topic in TOPICS:
        lines += _topic(topic)
    lines += ["## Values", "", "| type | meaning |", "|---|---|"]
    lines += [f"| {name} | {said} |" for name, said in sorted(value_types().items())]
    return "\n".join(lines) + "\n"


def _topic(topic: str) -> Iterator[str]:
    owner = topic.split(".")[1]
    yield from (f"## `{topic}`", "", f"Announced by `{owner}` alone.", "")
    for kind in CATALOGUE.values():
        if kind.TOPIC == topic:
            yield from _event(kind)


def _event(kind: type[Event]) -> Iterator[str]:
    received = ", ".join(f"`{name}`" for name in hearers(kind)) or "no service here; for subscribers"
    sentence = " ".join((kind.__doc__ or "").split())
    yield from (f"### `{kind.TYPE}`", "", sentence, "", f"Key `{kind.KEY}`. Acted on by {received}.", "")
    yield from ("| field | type | meaning |", "|---|---|---|")
    for name, field in kind.model_fields.items():
        optional = "" if field.is_required() else ", may be absent"
        yield f"| `{name}` | {shown_type(kind, name)}{optional} | {meaning(kind, name)} |"
    yield ""


def metrics() -> str:
    """Return docs/metrics.md."""
    lines = ["# Metrics", "", MADE, "", ABOUT_METRICS, ""]
    lines += tables("Every service", "townhall.chassis.telemetry.metrics")
    for name in NAMES:
        service(name)
        lines += tables(f"`{name}`", f"{name}.metrics")
    return "\n".join(lines[:-1]) + "\n"


PAGES: Final = {DOCS / "events.md": events, DOCS / "metrics.md": metrics}


def main() -> int:
    """Write the pages anew."""
    for path, page in PAGES.items():
        path.write_text(page())
    return 0


if __name__ == "__main__":
    sys.exit(main())
