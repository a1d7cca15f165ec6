"""What people hand in over HTTP, and what anyone may see. No citizen and no evaluator is in any of it."""
