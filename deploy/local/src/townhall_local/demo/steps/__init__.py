"""The steps of the demo, a module for each part of the process: users' actions, and waiting for automatic steps."""
