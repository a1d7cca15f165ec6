"""The intake of ballots: what waits is counted together, in one transaction, and each caller gets their own answer."""

from voting.intake.grouping import Intake
from voting.intake.refusals import NotCounted, NotSure, TooBusy

__all__ = ["Intake", "NotCounted", "NotSure", "TooBusy"]
