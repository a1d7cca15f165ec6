"""The platform seen from outside: its public HTTP APIs, used as any citizen's or official's program would."""
