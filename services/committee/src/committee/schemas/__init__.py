"""Request and response bodies. No response identifies a member: positions and recusals are public as numbers (C19)."""
