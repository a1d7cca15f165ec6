"""`townhall up --watch` where Prometheus is missing; where it is installed, tests/watching runs it."""

from pathlib import Path

import pytest

from townhall_local.running_platform import RunningPlatform, ServiceAddress
from townhall_local.up import prometheus

RUNNING = RunningPlatform(
    services={"voting": ServiceAddress(url="http://127.0.0.1:1", pid=1)}, kafka="", databases={}, issuer=""
)


def test_a_missing_prometheus_is_named_with_its_remedy(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The platform runs without it; nothing is written."""
    monkeypatch.setenv("PATH", str(tmp_path))
    with (
        pytest.raises(prometheus.NotInstalled, match="apt-get install prometheus"),
        prometheus.prometheus(RUNNING, tmp_path),
    ):
        raise AssertionError
    assert list(tmp_path.iterdir()) == []


def test_the_configuration_is_shipped() -> None:
    """It is found from the installed command."""
    assert (prometheus.SHIPPED / "rules.yaml").is_file()
