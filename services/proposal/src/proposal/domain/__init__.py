"""The rules of proposals and tasks: plain functions and frozen values. No I/O, no clock, no framework."""
