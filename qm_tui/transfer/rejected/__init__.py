"""Saving of rejected records."""
