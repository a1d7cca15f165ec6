"""What people hand in over HTTP, and what anyone may see. No member is in any of it: numbers only."""
