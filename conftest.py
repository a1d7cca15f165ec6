"""Every suite's fixtures, and which tests need a broker."""

import pytest
import structlog
from hypothesis import settings

from townhall.chassis import logs

pytest_plugins = [
    "townhall.testing.brokers",
    "townhall.testing.databases",
    "townhall.testing.tokens",
    "townhall.testing.services",
]

# The same examples in each run: what fails was changed. `--hypothesis-profile=search` looks at many more, ever new.
settings.register_profile("steady", derandomize=True, deadline=None, print_blob=True)
settings.register_profile("search", settings.get_profile("steady"), derandomize=False, max_examples=3000)
settings.load_profile("steady")


def pytest_configure(config: pytest.Config) -> None:
    """Log plainly, and say what the marks mean."""
    # As in a service; structlog's own default would take seconds to draw each traceback, with the locals in it.
    structlog.configure(processors=[logs.frames_only, structlog.processors.JSONRenderer()])
    config.addinivalue_line("markers", "broker: uses a broker; set by itself")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what uses the broker, so that `pytest -m broker` runs exactly that on another one."""
    for item in items:
        if {"broker", "empty_broker"} & set(getattr(item, "fixturenames", ())):
            item.add_marker("broker")
