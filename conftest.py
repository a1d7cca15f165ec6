"""The fixtures of all test suites, the markers of what tests need, and the order of tests for parallel runs."""

import gc
import os
import sys
from collections.abc import Iterator
from typing import Final

import pytest
from hypothesis import settings

# Collecting tests only allocates: garbage collection would go through all of it again and again. See below.
gc.disable()

FIXTURES: Final = (
    "townhall.testing.brokers",
    "townhall.testing.databases",
    "townhall.testing.tokens",
    "townhall.testing.services",
)
# Starts one Apache Kafka for all workers, so it is needed before `pytest_configure`.
pytest_plugins = ["townhall.testing.brokers"] if os.environ.get("TOWNHALL_BROKER") == "kafka" else []

# The same examples in each run. `--hypothesis-profile=search` generates many more, new ones in each run.
settings.register_profile("steady", derandomize=True, deadline=None, print_blob=True)
settings.register_profile("search", settings.get_profile("steady"), derandomize=False, max_examples=3000)
settings.register_profile("quick", settings.get_profile("steady"), max_examples=25)
settings.load_profile("steady")

NEEDS: Final = {
    "proxy": ("needs nginx; not part of the default run", ()),
    "postgresql": ("needs the system's PostgreSQL, for TLS, and PgBouncer; not part of the default run", ()),
    "process": ("starts programs such as the platform or an embedded server; set by the test", ()),
    "kafka": ("needs Apache Kafka whatever the broker of the run; only in `make test-kafka`", ("secure_kafka",)),
    "broker": ("uses a broker; set automatically", ("broker", "empty_broker", "secure_kafka")),
    "database": ("uses PostgreSQL; set automatically", ("cluster",)),
}
"""Markers, slowest first: their meaning and the fixtures that set them. `make quick` runs tests without any."""


def pytest_configure(config: pytest.Config) -> None:
    """Register the markers, configure plain logging and load the fixtures."""
    for mark, (meaning, _fixtures) in NEEDS.items():
        config.addinivalue_line("markers", f"{mark}: {meaning}")
    if not hasattr(config, "workerinput") and getattr(config.option, "numprocesses", None):
        return  # it only distributes the tests; the workers start when it is ready
    _configure_logging()
    for each in FIXTURES:
        config.pluginmanager.import_plugin(each)
    sys.addaudithook(_refuse_processes)


def _configure_logging() -> None:
    """Log as a service does; structlog's default renders tracebacks with local variables, which takes seconds."""
    import structlog  # noqa: PLC0415  only where tests run

    from townhall.chassis.telemetry import logs  # noqa: PLC0415  the same

    structlog.configure(processors=[logs.frames_only, structlog.processors.JSONRenderer()])


_quick: str | None = None
"""The running test, if it has no marker."""


def _refuse_processes(event: str, arguments: tuple[object, ...]) -> None:
    if event == "subprocess.Popen" and _quick and arguments[0] != "git":  # only lists files
        raise AssertionError(f"{_quick} starts a process: mark it `process`")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    """Fail an unmarked test that starts a process, so that `make quick` stays quick."""
    global _quick  # noqa: PLW0603  an audit hook can't be removed, so it reads this variable
    _quick = None if any(item.get_closest_marker(mark) for mark in NEEDS) else item.nodeid
    try:
        return (yield)
    finally:
        _quick = None


def pytest_itemcollected(item: pytest.Item) -> None:
    """Mark the test by its fixtures."""
    for mark, (_meaning, fixtures) in NEEDS.items():
        if set(fixtures) & set(getattr(item, "fixturenames", ())):
            item.add_marker(mark)
    if item.get_closest_marker("kafka"):
        item.add_marker(pytest.mark.xdist_group("secure-kafka"))  # so that one worker starts it, once


@pytest.hookimpl(trylast=True)  # after the random order
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run slow tests first, so that no worker ends with a long one."""
    items.sort(key=lambda item: next((n for n, mark in enumerate(NEEDS) if item.get_closest_marker(mark)), len(NEEDS)))


def pytest_collection_finish(session: pytest.Session) -> None:
    """Freeze what collection has allocated, so that full garbage collections of the tests are quick."""
    del session
    gc.freeze()
    gc.enable()
