"""The frozen JSON schemas: what each event type looks like to a reader who never sees this code.

`python -m tests.contracts.schemas` freezes a schema and a sample for each new type, and takes over compatible changes.
"""

import json
import sys
from pathlib import Path
from typing import Any

from tests.contracts.compatibility import breaks
from tests.contracts.specimens import specimen
from townhall.contracts import CATALOGUE, Event

ROOT = Path(__file__).parents[2]
FROZEN = ROOT / "shared" / "schemas"
SAMPLES = Path(__file__).parent / "samples"

Document = dict[str, Any]


def schema(kind: type[Event]) -> Document:
    """Describe the event as its readers may rely on it."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"schemas/{kind.TYPE}.json",
        **kind.model_json_schema(mode="serialization"),
    }


def stored(folder: Path) -> dict[str, Document]:
    """Return what was frozen, by event type."""
    return {path.stem: json.loads(path.read_text()) for path in sorted(folder.glob("*.json"))}


def written(document: Document) -> str:
    """Return the one text form a document is stored in, so that a difference is a change."""
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def refusals() -> list[str]:
    """Say which changes since the freezing a reader could not bear."""
    frozen = stored(FROZEN)
    kept = [
        f"{name}: {fault}"
        for name, kind in CATALOGUE.items()
        if name in frozen
        for fault in breaks(frozen[name], schema(kind))
    ]
    gone = [f"{name}: was published once, its class must stay" for name in frozen.keys() - CATALOGUE.keys()]
    return kept + gone


def freeze() -> None:
    """Write each schema, and a sample for each type that has none. A sample is never changed."""
    for name, kind in CATALOGUE.items():
        (FROZEN / f"{name}.json").write_text(written(schema(kind)))
        sample = SAMPLES / f"{name}.json"
        if not sample.exists():
            sample.write_text(written(specimen(schema(kind))))


def main() -> int:
    """Freeze, unless a change would break a reader."""
    found = refusals()
    if not found:
        freeze()
    for fault in found:
        sys.stderr.write(f"{fault}\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
