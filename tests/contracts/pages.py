"""Generated pages of docs/reference: `python -m tests.contracts.pages` writes them, a test fails if one is stale."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from tests.contracts import metrics as metric_tables
from tests.contracts import settings as setting_tables
from tests.contracts.assembled import NAMES, hearers, service
from tests.contracts.meanings import meaning, shown_type, value_types
from townhall.contracts import CATALOGUE, TOPICS, Event

REFERENCE: Final = Path(__file__).parents[2] / "docs" / "reference"
MADE: Final = "<!-- Made by `make docs` from the code. A change here is lost and fails the check. -->"

ABOUT_EVENTS: Final = """\
Each service publishes its events on one topic, as CloudEvents 1.0 in Kafka's binary mode: attributes as `ce_*` headers,
the data as a JSON body. `ce_id` stays the same when an event is delivered again. `ce_sequence` counts 1, 2, 3 … within
one `ce_source` and key, and events of a key arrive in that order. Ignore fields and types you don't know. A type only
ever gains optional fields; any other change is a new type, `.v2`, published beside `.v1` for as long as
[the release policy](../explanation/releases.md) says.

The JSON schema of each type is `shared/schemas/<type>.json`; each service serves its AsyncAPI document at
`/asyncapi.json`. No event identifies a person: the actor is given by role, and ballots appear as totals only. The terms
are explained in the [glossary](../glossary.md)."""

ABOUT_METRICS: Final = """\
Each service serves its metrics at `/metrics`. Label values come from closed sets: never an id, a person or a choice.
Counters are listed with the `_total` suffix they are scraped with."""

ABOUT_SETTINGS: Final = """\
Settings are environment variables, read once at the start. A missing or invalid one stops the start: exit code 2, and
a message that names the variable and never its value. `python -m <service> check` reads them and starts nothing.

Every setting can be read from a file instead: `<VARIABLE>_FILE` holds the path of the file. That is how container
platforms hand over secrets. Setting both a variable and its `_FILE` form is an error. There is no `.env` file."""


def events() -> str:
    """Return docs/reference/events.md."""
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
    """Return docs/reference/metrics.md."""
    lines = ["# Metrics", "", MADE, "", ABOUT_METRICS, ""]
    lines += metric_tables.tables("Every service", "townhall.chassis.telemetry.metrics")
    for name in NAMES:
        service(name)
        lines += metric_tables.tables(f"`{name}`", f"{name}.metrics")
    return "\n".join(lines[:-1]) + "\n"


def settings() -> str:
    """Return docs/reference/settings.md."""
    lines = ["# Settings", "", MADE, "", ABOUT_SETTINGS, ""]
    for name in NAMES:
        lines += setting_tables.tables(name)
    lines += ["## Types", "", "| type | meaning |", "|---|---|"]
    lines += [f"| {name} | {text} |" for name, text in setting_tables.value_types(NAMES).items()]
    return "\n".join(lines) + "\n"


PAGES: Final = {
    REFERENCE / "events.md": events,
    REFERENCE / "metrics.md": metrics,
    REFERENCE / "settings.md": settings,
}


def main() -> int:
    """Write the pages anew."""
    for path, page in PAGES.items():
        path.write_text(page())
    return 0


if __name__ == "__main__":
    sys.exit(main())
