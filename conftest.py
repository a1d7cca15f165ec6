"""The fixtures of all test suites, and the marker of tests that use a broker."""

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

# The same examples in each run. `--hypothesis-profile=search` generates many more, new ones in each run.
settings.register_profile("steady", derandomize=True, deadline=None, print_blob=True)
settings.register_profile("search", settings.get_profile("steady"), derandomize=False, max_examples=3000)
settings.load_profile("steady")


def pytest_configure(config: pytest.Config) -> None:
    """Configure plain logging and register the markers."""
    # As in a service; structlog's default renders tracebacks with local variables, which takes seconds.
    structlog.configure(processors=[logs.frames_only, structlog.processors.JSONRenderer()])
    config.addinivalue_line("markers", "broker: uses a broker; set automatically")
    config.addinivalue_line("markers", "proxy: needs nginx; not part of the default run")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark tests that use the broker fixtures, so that `pytest -m broker` selects them."""
    for item in items:
        if {"broker", "empty_broker"} & set(getattr(item, "fixturenames", ())):
            item.add_marker("broker")
