"""A client of the platform's public HTTP APIs."""
