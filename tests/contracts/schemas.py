"""The frozen JSON schemas of the event types.

`python -m tests.contracts.schemas` writes a schema and a sample for each new type, and accepts compatible changes.
"""

import json
import sys
from pathlib import Path
from typing import Any

from tests.contracts.compatibility import breaks
from tests.contracts.sample_documents import sample_document
from townhall.chassis.event_schemas import document as schema
from townhall.chassis.event_schemas import text as written
from townhall.contracts import CATALOGUE

ROOT = Path(__file__).parents[2]
FROZEN = ROOT / "shared" / "schemas"
SAMPLES = Path(__file__).parent / "samples"

Document = dict[str, Any]


def stored(folder: Path) -> dict[str, Document]:
    """Return the frozen documents of a directory, by event type."""
    return {path.stem: json.loads(path.read_text()) for path in sorted(folder.glob("*.json"))}


def incompatibilities() -> list[str]:
    """Return a sentence for each incompatible change since the schemas were frozen."""
    frozen = stored(FROZEN)
    changed = [
        f"{name}: {problem}"
        for name, kind in CATALOGUE.items()
        if name in frozen
        for problem in breaks(frozen[name], schema(kind))
    ]
    removed = [f"{name}: has been published, so its class must stay" for name in frozen.keys() - CATALOGUE.keys()]
    return changed + removed


def freeze() -> None:
    """Write every schema, and a sample for each type without one. Samples are never changed."""
    for name, kind in CATALOGUE.items():
        (FROZEN / f"{name}.json").write_text(written(schema(kind)))
        sample = SAMPLES / f"{name}.json"
        if not sample.exists():
            sample.write_text(written(sample_document(schema(kind))))


def main() -> int:
    """Freeze the schemas, or print incompatible changes and return 1."""
    found = incompatibilities()
    if not found:
        freeze()
    for problem in found:
        sys.stderr.write(f"{problem}\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
