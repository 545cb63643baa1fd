"""The recipes that made the shipped weights."""
