"""Values that a mapping makes from those of a file."""
