"""Write the dashboards: `make dashboards`. A test fails if a file is stale."""

import json
from pathlib import Path
from typing import Final

from deploy.grafana import databases, events, mission, services
from deploy.grafana.panels import Dashboard

DIRECTORY: Final = Path(__file__).parent / "dashboards"
DASHBOARDS: Final = (mission.DASHBOARD, *services.DASHBOARDS, events.DASHBOARD, databases.DASHBOARD)


def rendered(dashboard: Dashboard) -> str:
    """Return the contents of a dashboard's file."""
    return json.dumps(dashboard.json(), indent=1, ensure_ascii=False) + "\n"


def main() -> None:
    """Write all files."""
    for dashboard in DASHBOARDS:
        (DIRECTORY / f"{dashboard.name}.json").write_text(rendered(dashboard))


if __name__ == "__main__":
    main()
