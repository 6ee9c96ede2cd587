"""The terminal UI, built with Textual."""
