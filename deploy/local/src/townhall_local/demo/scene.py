"""What every act has at hand: the story, the platform, the stage, and the time of day."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from townhall_local.client.people import Person, Platform
from townhall_local.demo.stage import Stage
from townhall_local.demo.story import Story


@dataclass(frozen=True, slots=True)
class Scene:
    """One performance."""

    story: Story
    platform: Platform
    stage: Stage
    clock: Callable[[], datetime]

    @property
    def officer(self) -> Person:
        """An officer of the Support Unit."""
        return self.platform.person("officer", "support-unit")

    @property
    def secretary(self) -> Person:
        """The secretary of the bodies, who calls meetings and enacts rules."""
        return self.platform.person("secretary", "secretariat")

    @property
    def agency(self) -> Person:
        """Whoever reports for the responsible body."""
        return self.platform.person("agency", "ministry")

    def citizen(self, name: str | int) -> Person:
        """A citizen, by name or by number."""
        return self.platform.person("citizen", f"citizen {name}")

    def in_days(self, days: int) -> str:
        """A date of the story, as the APIs take it."""
        return (self.clock() + timedelta(days=days)).date().isoformat()

    def in_seconds(self, seconds: float) -> str:
        """A moment of the story, as the APIs take it."""
        return (self.clock() + timedelta(seconds=seconds)).isoformat()
