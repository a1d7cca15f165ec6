"""Write each service's AsyncAPI document into a folder: `python -m tests.contracts.asyncapi FOLDER`."""

import json
import sys
from pathlib import Path

from tests.contracts.assembled_services import NAMES, consumed_events, service
from townhall.chassis.asyncapi import document


def main(folder: Path) -> None:
    """Write the document that each service serves at `/asyncapi.json`."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in NAMES:
        (folder / f"{name}.json").write_text(json.dumps(document(name, service(name).announces, consumed_events(name))))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
