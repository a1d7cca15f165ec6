"""Every suite's fixtures, what each test needs, and how tests are shared out among workers."""

import sys
from collections.abc import Iterator
from typing import Final

import pytest
import structlog
from hypothesis import settings

from townhall.chassis.telemetry import logs

pytest_plugins = [
    "townhall.testing.brokers",
    "townhall.testing.databases",
    "townhall.testing.people",
    "townhall.testing.services",
]

# The same examples in each run: what fails was changed. `--hypothesis-profile=search` looks at many more, ever new.
settings.register_profile("steady", derandomize=True, deadline=None, print_blob=True)
settings.register_profile("search", settings.get_profile("steady"), derandomize=False, max_examples=3000)
settings.register_profile("quick", settings.get_profile("steady"), max_examples=25)
settings.load_profile("steady")

NEEDS: Final = {
    "proxy": ("needs nginx; not part of the default run", ()),
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
    sys.addaudithook(_refuse_processes)


_quick: str | None = None
"""The test that runs now, when it needs nothing."""


def _refuse_processes(event: str, arguments: tuple[object, ...]) -> None:
    if event == "subprocess.Popen" and _quick and arguments[0] != "git":  # which only lists the files there are
        raise AssertionError(f"{_quick} starts a process: mark it `process`")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    """Let no test without a mark start a process, so that `make quick` stays what it says."""
    global _quick  # noqa: PLW0603  an audit hook can't be taken back, so it looks here
    _quick = None if any(item.get_closest_marker(mark) for mark in NEEDS) else item.nodeid
    try:
        return (yield)
    finally:
        _quick = None


def pytest_itemcollected(item: pytest.Item) -> None:
    """Mark what the test needs, by the fixtures it uses."""
    for mark, (_meaning, fixtures) in NEEDS.items():
        if set(fixtures) & set(getattr(item, "fixturenames", ())):
            item.add_marker(mark)


@pytest.hookimpl(trylast=True)  # after the order was drawn
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the slow kinds first, so that no worker ends with a long one."""
    items.sort(key=lambda item: next((n for n, mark in enumerate(NEEDS) if item.get_closest_marker(mark)), len(NEEDS)))
