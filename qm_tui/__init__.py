"""qm-tui: manage the users of a Quality Management Suite in a terminal."""

__version__ = "0.2.0"
