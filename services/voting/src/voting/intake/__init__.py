"""The intake of ballots: waiting ballots are counted in groups, one transaction each (group commit)."""

from voting.intake.group_commit import Answer, CountingFailed, Intake, ResultUnknown
from voting.intake.queues import TooBusy

__all__ = ["Answer", "CountingFailed", "Intake", "ResultUnknown", "TooBusy"]
