"""The rules of delivery and evaluation: plain functions and frozen values. Time and facts come in as arguments."""
