"""Mapping of a file's columns to the fields."""
