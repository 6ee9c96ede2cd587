"""A file is chosen: the list of a folder, and the field for a path."""
