"""`python -m proposal serve | migrate | check`."""

from proposal.app import build
from proposal.settings import Settings
from townhall.chassis.command import main


def run() -> None:
    """Run the command named on the command line."""
    main("proposal", build, Settings)


if __name__ == "__main__":
    run()
