"""Reads dirty tables, repairs them in the open, and assembles a Panel."""
