"""Rejected records saved to files of their own."""
