"""The voting service: votes on tasks, ballots, totals and the threshold."""
