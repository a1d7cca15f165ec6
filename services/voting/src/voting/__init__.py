"""Votes, versioned rules, ballots, tallies and the threshold."""
