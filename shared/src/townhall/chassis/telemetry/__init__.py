"""What a running service shows of itself: logs, metrics and traces."""
