"""What people hand in over HTTP, and what anyone may see. No author and no supporter is in any of it."""
