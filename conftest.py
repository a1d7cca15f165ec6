"""Every suite's fixtures, what each test needs, and how tests are shared out among workers."""

from typing import Final

import pytest
import structlog
from hypothesis import settings

from townhall.chassis import logs

pytest_plugins = [
    "townhall.testing.brokers",
    "townhall.testing.databases",
    "townhall.testing.people",
    "townhall.testing.services",
]

# The same examples in each run: what fails was changed. `--hypothesis-profile=search` looks at many more, ever new.
settings.register_profile("steady", derandomize=True, deadline=None, print_blob=True)
settings.register_profile("search", settings.get_profile("steady"), derandomize=False, max_examples=3000)
settings.load_profile("steady")

NEEDS: Final = {
    "process": ("starts programs: the platform, an embedded server, a checker; named by the test", ()),
    "broker": ("uses a broker; set by itself", ("broker", "empty_broker")),
    "database": ("uses PostgreSQL; set by itself", ("cluster",)),
}
"""Marks, slowest first: what they mean, and the fixtures that set them. `make quick` runs what has none."""


def pytest_configure(config: pytest.Config) -> None:
    """Log plainly, and say what the marks mean."""
    # As in a service; structlog's own default would take seconds to draw each traceback, with the locals in it.
    structlog.configure(processors=[logs.frames_only, structlog.processors.JSONRenderer()])
    for mark, (meaning, _fixtures) in NEEDS.items():
        config.addinivalue_line("markers", f"{mark}: {meaning}")


@pytest.hookimpl(trylast=True)  # after the order was drawn
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what each test needs, and put the slow kinds first, so that no worker ends with a long one."""
    for item in items:
        for mark, (_meaning, fixtures) in NEEDS.items():
            if set(fixtures) & set(getattr(item, "fixturenames", ())):
                item.add_marker(mark)
    items.sort(key=lambda item: next((n for n, mark in enumerate(NEEDS) if item.get_closest_marker(mark)), len(NEEDS)))
