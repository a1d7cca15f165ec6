"""Write a Kafka record of each event type into a folder: `python -m tests.contracts.cloudevents_records FOLDER`.

The records are what the relay publishes: headers of `event_headers`, and the frozen sample as the body.
"""

import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final
from uuid import NAMESPACE_URL, uuid5

from tests.contracts.schemas import SAMPLES, stored
from townhall.chassis.envelope import event_headers
from townhall.contracts import CATALOGUE, Event

PUBLIC_URL: Final = "https://townhall.example/api"
AT: Final = datetime(2027, 3, 1, 9, 0, 0, 120_000, tzinfo=UTC)
TRACE: Final = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


def record(kind: type[Event]) -> dict[str, Any]:
    """Return key, headers and value of the first event of a key."""
    event = kind.model_validate(stored(SAMPLES)[kind.TYPE])
    id_ = uuid5(NAMESPACE_URL, kind.TYPE)
    headers = event_headers(PUBLIC_URL, event, event_id=id_, version=1, at=AT, traceparent=TRACE)
    return {"key": event.key, "headers": headers, "value": event.model_dump_json()}


def main(folder: Path) -> None:
    """Write the records, and remove those of types that are gone."""
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.json"):
        old.unlink()
    for name, kind in CATALOGUE.items():
        (folder / f"{name}.json").write_text(json.dumps(record(kind), ensure_ascii=False))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
