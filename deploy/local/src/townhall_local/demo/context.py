"""What every step of the demo uses: the consultation, the platform, the output and the clock."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from townhall_local.client.users import PlatformClient, User
from townhall_local.demo.consultation import Consultation
from townhall_local.demo.output import DemoOutput


@dataclass(frozen=True, slots=True)
class DemoContext:
    """One run of the demo."""

    consultation: Consultation
    platform: PlatformClient
    output: DemoOutput
    clock: Callable[[], datetime]

    @property
    def officer(self) -> User:
        """An officer of the Support Unit."""
        return self.platform.user("officer", "support-unit")

    @property
    def secretary(self) -> User:
        """The secretary, who calls meetings and enacts rules."""
        return self.platform.user("secretary", "secretariat")

    @property
    def agency(self) -> User:
        """The agency that reports for the responsible body."""
        return self.platform.user("agency", "ministry")

    def citizen(self, name: str | int) -> User:
        """A citizen, by name or by number."""
        return self.platform.user("citizen", f"citizen {name}")

    def in_days(self, days: int) -> str:
        """The date so many days from now, in ISO 8601."""
        return (self.clock() + timedelta(days=days)).date().isoformat()

    def in_seconds(self, seconds: float) -> str:
        """The time so many seconds from now, in ISO 8601."""
        return (self.clock() + timedelta(seconds=seconds)).isoformat()
