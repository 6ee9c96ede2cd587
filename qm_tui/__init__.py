"""qm-tui: review, import and export the users of a Quality Management Suite in a terminal."""

__version__ = "0.2.0.dev0"
